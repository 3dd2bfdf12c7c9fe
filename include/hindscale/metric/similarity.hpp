// SPDX-License-Identifier: Apache-2.0
// Structural similarity of two fields with missing cells.
#pragma once

#include "hindscale/core/array.hpp"
#include "hindscale/metric/scores.hpp"

namespace hindscale {

/// Structural similarity of two fields [y, x]: area-weighted mean of the local index with an 11 x
/// 11 Gaussian window of sigma 1.5, C1 = (0.01 L)^2, C2 = (0.03 L)^2 (Wang et al. 2004), over
/// windows that lie inside the domain and hold no cell of zero weight. Undefined where there is no
/// such window or L is not positive.
double structural_similarity(View<const float, 2> truth, View<const float, 2> forecast,
                             View<const double, 2> weight, const ScoreOptions& options);

}  // namespace hindscale
