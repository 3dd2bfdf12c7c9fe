// SPDX-License-Identifier: Apache-2.0
// Seasonal cycles: means of months, and harmonics found again.
#include "seasonal_cycle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace hindscale {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// 2 + 3 cos(phase) - sin(2 phase) in the middle of a month.
double two_harmonics(int month) {
  const double phase = 2 * std::numbers::pi * (month + 0.5) / 12;
  return 2 + 3 * std::cos(phase) - std::sin(2 * phase);
}

TEST(SeasonalCycles, without_harmonics_are_means_of_calendar_months) {
  SeasonalCycles cycles(2);
  cycles.add(0, 0, 1);
  cycles.add(0, 0, 2);
  cycles.add(0, 0, nan);
  cycles.add(11, 1, -5);
  const auto values = cycles.values(0);
  ASSERT_EQ(values.size(), 12U);
  EXPECT_EQ(values[0][0], 1.5);
  EXPECT_EQ(values[11][1], -5);
  EXPECT_TRUE(std::isnan(values[0][1]));
  EXPECT_TRUE(std::isnan(values[5][0]));
}

TEST(SeasonalCycles, find_their_harmonics_and_fill_months_without_values) {
  SeasonalCycles cycles(1);
  for (const int month : {0, 1, 2, 4, 5, 7, 7, 7, 8, 10})
    cycles.add(month, 0, two_harmonics(month));
  const auto values = cycles.values(2);
  for (int month = 0; month < 12; ++month)
    EXPECT_NEAR(values[static_cast<std::size_t>(month)][0], two_harmonics(month), 1e-12) << month;
}

TEST(SeasonalCycles, weigh_every_value_the_same) {
  // A mean and no more: the fit of zero harmonics' worth of months is the mean of all values.
  SeasonalCycles cycles(1);
  for (const double value : {1.0, 2.0, 6.0}) cycles.add(3, 0, value);
  cycles.add(4, 0, 11);
  for (const auto& month : cycles.values(1)) EXPECT_NEAR(month[0], 5, 1e-12);
}

TEST(SeasonalCycles, of_noise_keep_its_variance_in_the_share_of_their_parameters) {
  // The projection onto p of 12 regressors keeps p / 12 of the variance of independent months.
  constexpr std::size_t n = 4000;
  SeasonalCycles cycles(n);
  double all = 0;
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < n; ++i) {
    for (int month = 0; month < 12; ++month) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      const double value = static_cast<double>(state >> 11U) / 9007199254740992.0 - 0.5;
      cycles.add(month, i, value);
      all += value * value;
    }
  }
  double kept = 0;
  for (const auto& month : cycles.values(1))
    for (const double value : month) kept += value * value;
  EXPECT_NEAR(kept / all, 3.0 / 12, 0.01);
}

TEST(SeasonalCycles, of_nothing_are_missing) {
  for (const auto& month : SeasonalCycles(1).values(2)) EXPECT_TRUE(std::isnan(month[0]));
}

}  // namespace
}  // namespace hindscale
