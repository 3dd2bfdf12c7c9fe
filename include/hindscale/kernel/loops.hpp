// SPDX-License-Identifier: Apache-2.0
// Passes over one sample's channels-last memory; plain pointers only. T, In and Out are
// float or BFloat16: values are widened to float32 for arithmetic and rounded once when stored.
#pragma once

#include <cstdint>

#include "hindscale/kernel/bfloat16.hpp"

namespace hindscale::loops {

/// One sample: `places` rows of `channels` values.
struct Extent {
  std::int64_t places = 0;
  std::int64_t channels = 0;
};

/// sum[c] += values, square_sum[c] += values^2.
template <class T>
void add_moments(const T* x, const Extent& extent, double* sum, double* square_sum);

/// y = f(scale[c] x + shift[c]), f the identity or SiLU; rows of y begin `stride` values apart.
template <class In, class Out>
void affine(const In* x, const Extent& extent, const float* scale, const float* shift, Out* y,
            std::int64_t stride);
template <class In, class Out>
void affine_silu(const In* x, const Extent& extent, const float* scale, const float* shift, Out* y,
                 std::int64_t stride);

/// y = x, rounded.
template <class In, class Out>
void round_to(const In* x, std::int64_t n, Out* y);

/// slope = gradient f'(scale[c] x + shift[c]) for SiLU.
template <class T>
void silu_slope(const T* x, const T* gradient, const Extent& extent, const float* scale,
                const float* shift, T* slope);

/// sum[c] += slope, product_sum[c] += slope x.
template <class T>
void add_slope_sums(const T* x, const T* slope, const Extent& extent, double* sum,
                    double* product_sum);

/// out = scale[c] slope + linear[c] x + constant[c]; out may be slope.
template <class T>
void combine(const T* x, const T* slope, const Extent& extent, const float* scale,
             const float* linear, const float* constant, T* out);

/// Rows of softmax(scale scores): each row of `weights` adds up to one.
template <class T>
void softmax(const float* scores, const Extent& extent, float scale, T* weights);

/// planes [channel, place] -> rows [place, channel].
template <class T>
void to_channels_last(const float* planes, const Extent& extent, T* rows);

/// out = taps[0] rows[0] + ... + taps[3] rows[3], value by value, in this order.
template <class In, class Out>
void weigh_rows(const In* const rows[4], const float taps[4], std::int64_t n, Out* out);

/// sum += factor x.
template <class In>
void add_scaled(const In* x, float factor, std::int64_t n, float* sum);

}  // namespace hindscale::loops
