// SPDX-License-Identifier: Apache-2.0
// The shortest waves that a grid holds: values that change sign from cell to cell.
#pragma once

#include "hindscale/core/array.hpp"

namespace hindscale {

/// Of each of the n fields [n, h, w]: its two-grid waves along rows, then those along columns,
/// waves [2 n, h, w]. Such a wave has one amplitude a row (or column), scaled so that white noise
/// makes white noise of the same strength. Sums are in double, in a fixed order.
void two_grid_waves(View<const float, 3> fields, View<float, 3> waves);

}  // namespace hindscale
