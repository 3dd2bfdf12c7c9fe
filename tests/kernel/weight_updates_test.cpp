// SPDX-License-Identifier: Apache-2.0
// Passes over weights against the same in double, at lengths that fill no vector.
#include "hindscale/kernel/weight_updates.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hindscale::loops {
namespace {

std::vector<float> waves(std::int64_t n, double shift) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i)
    values.push_back(static_cast<float>(std::sin(0.7 * static_cast<double>(i) + shift)));
  return values;
}

class WeightUpdates : public testing::TestWithParam<std::int64_t> {};

TEST_P(WeightUpdates, adamw_is_its_equations) {
  const std::int64_t n = GetParam();
  auto weight = waves(n, 0), first = waves(n, 1), second = waves(n, 2);
  const auto gradient = waves(n, 3), weight_before = weight, first_before = first;
  for (float& value : second) value = std::abs(value);
  const auto second_before = second;
  adamw({0.9F, 0.99F, 1e-2F, 0.999F, 2.0F, 1e-8F}, gradient.data(),
        {weight.data(), first.data(), second.data(), n});
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const double slope = gradient[i], mean = 0.9 * first_before[i] + 0.1 * slope;
    const double square = 0.99 * second_before[i] + 0.01 * slope * slope;
    EXPECT_NEAR(first[i], mean, 1e-6);
    EXPECT_NEAR(second[i], square, 1e-6);
    EXPECT_NEAR(weight[i], 0.999 * weight_before[i] - 1e-2 * mean / (2 * std::sqrt(square) + 1e-8),
                1e-6);
  }
}

TEST_P(WeightUpdates, square_sum_is_that_of_double) {
  const auto x = waves(GetParam(), 0);
  double expected = 0;
  for (const float value : x) expected += static_cast<double>(value) * static_cast<double>(value);
  EXPECT_NEAR(square_sum(x.data(), GetParam()), expected, 1e-14 * expected);
}

TEST_P(WeightUpdates, approach_goes_a_share_of_the_way) {
  const auto target = waves(GetParam(), 0), before = waves(GetParam(), 1);
  auto x = before;
  approach(target.data(), 0.25F, GetParam(), x.data());
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(x[i], before[i] + 0.25 * (target[i] - before[i]), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(lengths, WeightUpdates, testing::Values(0, 1, 15, 16, 1000));

}  // namespace
}  // namespace hindscale::loops
