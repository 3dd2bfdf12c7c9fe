// SPDX-License-Identifier: Apache-2.0
// Loops that compilers turn into vector code. Every clone gives the same bits: no contraction, no
// reordering.
#include "group_norm_loops.hpp"

#include <algorithm>
#include <bit>
#include <vector>

// The library is built for any machine of its family; these loops are also built for wider vectors
// and chosen at start.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define HINDSCALE_VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define HINDSCALE_VECTOR_CLONES
#endif

namespace hindscale::group_norm_loops {

namespace {

constexpr std::int64_t block = 32;  // rows summed in float before they enter a double sum

/// exp(x) to 2e-7 relative for |x| <= 87: x = k ln 2 + r, a polynomial in r, k put into the
/// exponent.
inline float exponential(float x) {
  constexpr float round_to_integer =
      12582912.0F;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  const float shifted = x * 1.44269504F + round_to_integer;
  const float k = shifted - round_to_integer;
  const float r =
      (x - k * 0.693359375F) + k * 2.12194440e-4F;  // ln 2 in two parts (Cody and Waite 1980)
  float p = 1.0F / 720.0F;
  p = p * r + 1.0F / 120.0F;
  p = p * r + 1.0F / 24.0F;
  p = p * r + 1.0F / 6.0F;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  const auto exponent = static_cast<std::uint32_t>(std::bit_cast<std::int32_t>(shifted) -
                                                   std::bit_cast<std::int32_t>(round_to_integer));
  return p * std::bit_cast<float>((exponent + 127U) << 23U);
}

inline float sigmoid(float x) {
  const float bounded = x < -87.0F ? -87.0F : (x > 87.0F ? 87.0F : x);
  // A NaN fails both comparisons and stays one.
  return 1.0F / (1.0F + exponential(-bounded));
}

}  // namespace

HINDSCALE_VECTOR_CLONES
void add_moments(const float* __restrict x, const Extent& extent, double* __restrict sum,
                 double* __restrict square_sum) {
  const std::int64_t channels = extent.channels;
  std::vector<float> partial(static_cast<std::size_t>(2 * channels));
  float* __restrict first = partial.data();
  float* __restrict second = first + channels;
  for (std::int64_t start = 0; start < extent.places; start += block) {
    std::fill(partial.begin(), partial.end(), 0.0F);
    for (std::int64_t row = start; row < std::min(start + block, extent.places); ++row) {
      const float* __restrict values = x + row * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        first[c] += values[c];
        second[c] += values[c] * values[c];
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      sum[c] += static_cast<double>(first[c]);
      square_sum[c] += static_cast<double>(second[c]);
    }
  }
}

HINDSCALE_VECTOR_CLONES
void affine(const float* __restrict x, const Extent& extent, const float* __restrict scale,
            const float* __restrict shift, float* __restrict y) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      const std::int64_t i = row * extent.channels + c;
      y[i] = x[i] * scale[c] + shift[c];
    }
  }
}

HINDSCALE_VECTOR_CLONES
void affine_silu(const float* __restrict x, const Extent& extent, const float* __restrict scale,
                 const float* __restrict shift, float* __restrict y) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      const std::int64_t i = row * extent.channels + c;
      const float u = x[i] * scale[c] + shift[c];
      y[i] = u * sigmoid(u);
    }
  }
}

HINDSCALE_VECTOR_CLONES
void silu_slope(const float* __restrict x, const float* __restrict gradient, const Extent& extent,
                const float* __restrict scale, const float* __restrict shift,
                float* __restrict slope) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      const std::int64_t i = row * extent.channels + c;
      const float u = x[i] * scale[c] + shift[c];
      const float s = sigmoid(u);
      slope[i] = gradient[i] * (s + s * u * (1.0F - s));
    }
  }
}

HINDSCALE_VECTOR_CLONES
void add_slope_sums(const float* __restrict x, const float* __restrict slope, const Extent& extent,
                    double* __restrict sum, double* __restrict product_sum) {
  const std::int64_t channels = extent.channels;
  std::vector<float> partial(static_cast<std::size_t>(2 * channels));
  float* __restrict first = partial.data();
  float* __restrict second = first + channels;
  for (std::int64_t start = 0; start < extent.places; start += block) {
    std::fill(partial.begin(), partial.end(), 0.0F);
    for (std::int64_t row = start; row < std::min(start + block, extent.places); ++row) {
      const float* __restrict values = x + row * channels;
      const float* __restrict slopes = slope + row * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        first[c] += slopes[c];
        second[c] += slopes[c] * values[c];
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      sum[c] += static_cast<double>(first[c]);
      product_sum[c] += static_cast<double>(second[c]);
    }
  }
}

HINDSCALE_VECTOR_CLONES
void combine(const float* __restrict x, const float* slope, const Extent& extent,
             const float* __restrict scale, const float* __restrict linear,
             const float* __restrict constant, float* out) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    const std::int64_t first = row * extent.channels;
#pragma GCC ivdep  // out is either slope itself or apart from it
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      out[first + c] = (slope[first + c] * scale[c] + x[first + c] * linear[c]) + constant[c];
    }
  }
}

}  // namespace hindscale::group_norm_loops
