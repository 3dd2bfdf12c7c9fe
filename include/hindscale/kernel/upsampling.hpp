// SPDX-License-Identifier: Apache-2.0
// A feature map on a grid of half the spacing.
#pragma once

#include "hindscale/kernel/bfloat16.hpp"
#include "hindscale/kernel/feature_map.hpp"

namespace hindscale {

enum class Upsampling { nearest, bicubic };

/// fine [2 height, 2 width, channels] of x, whose shape is `map`. Bicubic: Keys 1981 with a = -0.75
/// at the centres of the fine cells, as in PyTorch; beyond the edges the last value goes on, or
/// with Padding::periodic the other side. In and Out are float or BFloat16.
template <class In, class Out>
void upsample(const FeatureMap& map, Upsampling method, Padding padding, const In* x, Out* fine);

/// The gradient of x from that of `fine`.
template <class T>
void upsample_adjoint(const FeatureMap& map, Upsampling method, Padding padding, const T* fine,
                      T* x);

}  // namespace hindscale
