// SPDX-License-Identifier: Apache-2.0
// Loops that compilers turn into vector code. Every clone gives the same bits: no contraction, no
// reordering, and fused multiply-adds only where they are written.
#include "hindscale/kernel/loops.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "hindscale/core/vector_clones.hpp"

namespace hindscale::loops {

namespace {

constexpr std::int64_t block = 32;  // rows summed in float before they enter a double sum
constexpr std::int64_t lanes = 16;  // partial results of a sum along a row

/// exp(x) to 2e-7 relative for |x| <= 87: x = k ln 2 + r, a polynomial in r, k put into the
/// exponent.
inline float exponential(float x) {
  constexpr float round_to_integer =
      12582912.0F;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  const float shifted = std::fma(x, 1.44269504F, round_to_integer);
  const float k = shifted - round_to_integer;
  // ln 2 in two parts (Cody and Waite 1980)
  const float r = std::fma(k, 2.12194440e-4F, std::fma(k, -0.693359375F, x));
  float p = 1.0F / 720.0F;
  p = std::fma(p, r, 1.0F / 120.0F);
  p = std::fma(p, r, 1.0F / 24.0F);
  p = std::fma(p, r, 1.0F / 6.0F);
  p = std::fma(p, r, 0.5F);
  p = std::fma(p, r, 1.0F);
  p = std::fma(p, r, 1.0F);
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

template <class T>
HINDSCALE_VECTOR_CLONES void add_moments(const T* __restrict x, const Extent& extent,
                                         double* __restrict sum, double* __restrict square_sum) {
  const std::int64_t channels = extent.channels;
  std::vector<float> partial(static_cast<std::size_t>(2 * channels));
  float* __restrict first = partial.data();
  float* __restrict second = first + channels;
  for (std::int64_t start = 0; start < extent.places; start += block) {
    std::fill(partial.begin(), partial.end(), 0.0F);
    for (std::int64_t row = start; row < std::min(start + block, extent.places); ++row) {
      const T* __restrict values = x + row * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const float value = widen(values[c]);
        first[c] += value;
        second[c] += value * value;
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      sum[c] += static_cast<double>(first[c]);
      square_sum[c] += static_cast<double>(second[c]);
    }
  }
}

template <class In, class Out>
HINDSCALE_VECTOR_CLONES void affine(const In* __restrict x, const Extent& extent,
                                    const float* __restrict scale, const float* __restrict shift,
                                    Out* __restrict y, std::int64_t stride) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    const In* __restrict from = x + row * extent.channels;
    Out* __restrict to = y + row * stride;
    for (std::int64_t c = 0; c < extent.channels; ++c)
      to[c] = narrow<Out>(widen(from[c]) * scale[c] + shift[c]);
  }
}

template <class In, class Out>
HINDSCALE_VECTOR_CLONES void affine_silu(const In* __restrict x, const Extent& extent,
                                         const float* __restrict scale,
                                         const float* __restrict shift, Out* __restrict y,
                                         std::int64_t stride) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    const In* __restrict from = x + row * extent.channels;
    Out* __restrict to = y + row * stride;
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      const float u = widen(from[c]) * scale[c] + shift[c];
      to[c] = narrow<Out>(u * sigmoid(u));
    }
  }
}

template <class In, class Out>
HINDSCALE_VECTOR_CLONES void round_to(const In* __restrict x, std::int64_t n, Out* __restrict y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = narrow<Out>(widen(x[i]));
}

template <class In>
HINDSCALE_VECTOR_CLONES void add_scaled(const In* __restrict x, float factor, std::int64_t n,
                                        float* __restrict sum) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] += factor * widen(x[i]);
}

template <class T>
HINDSCALE_VECTOR_CLONES void silu_slope(const T* __restrict x, const T* __restrict gradient,
                                        const Extent& extent, const float* __restrict scale,
                                        const float* __restrict shift, T* __restrict slope) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      const std::int64_t i = row * extent.channels + c;
      const float u = widen(x[i]) * scale[c] + shift[c];
      const float s = sigmoid(u);
      slope[i] = narrow<T>(widen(gradient[i]) * (s + s * u * (1.0F - s)));
    }
  }
}

template <class T>
HINDSCALE_VECTOR_CLONES void add_slope_sums(const T* __restrict x, const T* __restrict slope,
                                            const Extent& extent, double* __restrict sum,
                                            double* __restrict product_sum) {
  const std::int64_t channels = extent.channels;
  std::vector<float> partial(static_cast<std::size_t>(2 * channels));
  float* __restrict first = partial.data();
  float* __restrict second = first + channels;
  for (std::int64_t start = 0; start < extent.places; start += block) {
    std::fill(partial.begin(), partial.end(), 0.0F);
    for (std::int64_t row = start; row < std::min(start + block, extent.places); ++row) {
      const T* __restrict values = x + row * channels;
      const T* __restrict slopes = slope + row * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        first[c] += widen(slopes[c]);
        second[c] += widen(slopes[c]) * widen(values[c]);
      }
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      sum[c] += static_cast<double>(first[c]);
      product_sum[c] += static_cast<double>(second[c]);
    }
  }
}

template <class T>
HINDSCALE_VECTOR_CLONES void combine(const T* __restrict x, const T* slope, const Extent& extent,
                                     const float* __restrict scale, const float* __restrict linear,
                                     const float* __restrict constant, T* out) {
  for (std::int64_t row = 0; row < extent.places; ++row) {
    const std::int64_t first = row * extent.channels;
#pragma GCC ivdep  // out is either slope itself or apart from it
    for (std::int64_t c = 0; c < extent.channels; ++c) {
      const float tilted = widen(slope[first + c]) * scale[c] + widen(x[first + c]) * linear[c];
      out[first + c] = narrow<T>(tilted + constant[c]);
    }
  }
}

template <class T>
HINDSCALE_VECTOR_CLONES void softmax(const float* __restrict scores, const Extent& extent,
                                     float scale, T* __restrict weights) {
  const std::int64_t n = extent.channels, whole = n - n % lanes;
  std::vector<float> powers(static_cast<std::size_t>(n));
  float* __restrict power = powers.data();
  for (std::int64_t row = 0; row < extent.places; ++row) {
    const float* __restrict score = scores + row * n;
    std::array<float, lanes> most{}, sums{};
    most.fill(score[0]);
    for (std::int64_t i = 0; i < whole; i += lanes) {
      for (std::int64_t l = 0; l < lanes; ++l)
        most[l] = score[i + l] > most[l] ? score[i + l] : most[l];
    }
    for (std::int64_t i = whole; i < n; ++i) most[0] = std::max(most[0], score[i]);
    const float top = *std::max_element(most.begin(), most.end());
    for (std::int64_t i = 0; i < n; ++i) {
      const float below = (score[i] - top) * scale;
      power[i] = exponential(below < -87.0F ? -87.0F : below);
    }
    for (std::int64_t i = 0; i < whole; i += lanes) {
      for (std::int64_t l = 0; l < lanes; ++l) sums[l] += power[i + l];
    }
    float total = 0;
    for (std::int64_t i = whole; i < n; ++i) total += power[i];
    for (const float sum : sums) total += sum;
    const float share = 1.0F / total;
    T* __restrict to = weights + row * n;
    for (std::int64_t i = 0; i < n; ++i) to[i] = narrow<T>(power[i] * share);
  }
}

template <class T>
HINDSCALE_VECTOR_CLONES void to_channels_last(const float* __restrict planes, const Extent& extent,
                                              T* __restrict rows) {
  for (std::int64_t c = 0; c < extent.channels; ++c) {
    for (std::int64_t place = 0; place < extent.places; ++place)
      rows[place * extent.channels + c] = narrow<T>(planes[c * extent.places + place]);
  }
}

template <class In, class Out>
HINDSCALE_VECTOR_CLONES void weigh_rows(const In* const rows[4], const float taps[4],
                                        std::int64_t n, Out* __restrict out) {
  const In *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
  for (std::int64_t i = 0; i < n; ++i) {
    out[i] = narrow<Out>(((widen(a[i]) * taps[0] + widen(b[i]) * taps[1]) + widen(c[i]) * taps[2]) +
                         widen(d[i]) * taps[3]);
  }
}

template void add_moments(const float*, const Extent&, double*, double*);
template void add_moments(const BFloat16*, const Extent&, double*, double*);
template void affine(const float*, const Extent&, const float*, const float*, float*, std::int64_t);
template void affine(const float*, const Extent&, const float*, const float*, BFloat16*,
                     std::int64_t);
template void affine(const BFloat16*, const Extent&, const float*, const float*, BFloat16*,
                     std::int64_t);
template void affine_silu(const float*, const Extent&, const float*, const float*, float*,
                          std::int64_t);
template void affine_silu(const float*, const Extent&, const float*, const float*, BFloat16*,
                          std::int64_t);
template void affine_silu(const BFloat16*, const Extent&, const float*, const float*, BFloat16*,
                          std::int64_t);
template void silu_slope(const float*, const float*, const Extent&, const float*, const float*,
                         float*);
template void silu_slope(const BFloat16*, const BFloat16*, const Extent&, const float*,
                         const float*, BFloat16*);
template void add_slope_sums(const float*, const float*, const Extent&, double*, double*);
template void add_slope_sums(const BFloat16*, const BFloat16*, const Extent&, double*, double*);
template void combine(const float*, const float*, const Extent&, const float*, const float*,
                      const float*, float*);
template void combine(const BFloat16*, const BFloat16*, const Extent&, const float*, const float*,
                      const float*, BFloat16*);
template void softmax(const float*, const Extent&, float, float*);
template void softmax(const float*, const Extent&, float, BFloat16*);
template void to_channels_last(const float*, const Extent&, float*);
template void to_channels_last(const float*, const Extent&, BFloat16*);
template void weigh_rows(const float* const[4], const float[4], std::int64_t, float*);
template void weigh_rows(const float* const[4], const float[4], std::int64_t, BFloat16*);
template void weigh_rows(const BFloat16* const[4], const float[4], std::int64_t, float*);
template void add_scaled(const float*, float, std::int64_t, float*);
template void add_scaled(const BFloat16*, float, std::int64_t, float*);
template void round_to(const float*, std::int64_t, float*);
template void round_to(const float*, std::int64_t, BFloat16*);
template void round_to(const BFloat16*, std::int64_t, BFloat16*);

}  // namespace hindscale::loops
