// SPDX-License-Identifier: Apache-2.0
// Loops over one sample's channels-last memory for group normalisation with activation; plain
// pointers only.
#pragma once

#include <cstdint>

namespace hindscale::group_norm_loops {

/// One sample: `places` rows of `channels` values.
struct Extent {
  std::int64_t places = 0;
  std::int64_t channels = 0;
};

/// sum[c] += values, square_sum[c] += values^2.
void add_moments(const float* x, const Extent& extent, double* sum, double* square_sum);

/// y = f(scale[c] x + shift[c]), f the identity or SiLU.
void affine(const float* x, const Extent& extent, const float* scale, const float* shift, float* y);
void affine_silu(const float* x, const Extent& extent, const float* scale, const float* shift,
                 float* y);

/// slope = gradient f'(scale[c] x + shift[c]) for SiLU.
void silu_slope(const float* x, const float* gradient, const Extent& extent, const float* scale,
                const float* shift, float* slope);

/// sum[c] += slope, product_sum[c] += slope x.
void add_slope_sums(const float* x, const float* slope, const Extent& extent, double* sum,
                    double* product_sum);

/// out = scale[c] slope + linear[c] x + constant[c]; out may be slope.
void combine(const float* x, const float* slope, const Extent& extent, const float* scale,
             const float* linear, const float* constant, float* out);

}  // namespace hindscale::group_norm_loops
