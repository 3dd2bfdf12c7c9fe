// SPDX-License-Identifier: Apache-2.0
// Passes over weights that compilers turn into vector code; every clone gives the same bits.
#include "hindscale/kernel/weight_updates.hpp"

#include <array>
#include <cmath>

#include "hindscale/core/vector_clones.hpp"

namespace hindscale::loops {

HINDSCALE_VECTOR_CLONES void adamw(const AdamStep& step, const float* __restrict gradient,
                                   const AdamMemory& memory) {
  const AdamStep s = step;
  float* __restrict weight = memory.weight;
  float* __restrict first = memory.first;
  float* __restrict second = memory.second;
  const std::int64_t n = memory.n;
  for (std::int64_t i = 0; i < n; ++i) {
    const float slope = gradient[i];
    first[i] = s.first_decay * first[i] + (1.0F - s.first_decay) * slope;
    second[i] = s.second_decay * second[i] + (1.0F - s.second_decay) * (slope * slope);
    const float scale = s.inverse_root * std::sqrt(second[i]) + s.epsilon;
    weight[i] = s.shrink * weight[i] - s.rate * first[i] / scale;
  }
}

HINDSCALE_VECTOR_CLONES double square_sum(const float* __restrict x, std::int64_t n) {
  constexpr std::int64_t lanes = 16;  // partial sums, added up in this order
  std::array<double, lanes> sums{};
  const std::int64_t whole = n - n % lanes;
  for (std::int64_t i = 0; i < whole; i += lanes) {
    for (std::int64_t l = 0; l < lanes; ++l) {
      const auto value = static_cast<double>(x[i + l]);
      sums[l] += value * value;
    }
  }
  double total = 0;
  for (std::int64_t i = whole; i < n; ++i) {
    const auto value = static_cast<double>(x[i]);
    total += value * value;
  }
  for (const double sum : sums) total += sum;
  return total;
}

HINDSCALE_VECTOR_CLONES void approach(const float* __restrict target, float share, std::int64_t n,
                                      float* __restrict x) {
  for (std::int64_t i = 0; i < n; ++i) x[i] += share * (target[i] - x[i]);
}

}  // namespace hindscale::loops
