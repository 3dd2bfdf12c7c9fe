// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/normalisation.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

constexpr double epsilon = 1e-5;

}  // namespace

void Moments::add_offset(const float* offset, std::int64_t places) {
  const auto n = static_cast<double>(places);
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const auto o = static_cast<double>(offset[c]);
    square_sum[c] += o * (2 * sum[c] + n * o);
    sum[c] += n * o;
  }
}

Normalisation::Normalisation(const Moments& moments, std::int64_t places, std::int64_t groups,
                             const float* weight, const float* bias)
    : scale(moments.sum.size()), shift(scale.size()) {
  HINDSCALE_ASSERT(static_cast<std::int64_t>(scale.size()) % groups == 0);
  const std::size_t a_group = scale.size() / static_cast<std::size_t>(groups);
  const double count = static_cast<double>(places) * static_cast<double>(a_group);
  for (std::size_t first = 0; first < scale.size(); first += a_group) {
    double total = 0, squares = 0;
    for (std::size_t c = first; c < first + a_group; ++c) {
      total += moments.sum[c];
      squares += moments.square_sum[c];
    }
    mean.push_back(total / count);
    // A NaN has to stay one: std::max would drop it as its second argument.
    const double variance = squares / count - mean.back() * mean.back();
    inverse_deviation.push_back(1 / std::sqrt((variance < 0 ? 0 : variance) + epsilon));
    for (std::size_t c = first; c < first + a_group; ++c) {
      const double factor = static_cast<double>(weight[c]) * inverse_deviation.back();
      scale[c] = static_cast<float>(factor);
      shift[c] = static_cast<float>(static_cast<double>(bias[c]) - mean.back() * factor);
    }
  }
}

}  // namespace hindscale
