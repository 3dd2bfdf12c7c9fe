// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/bootstrap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "fields.hpp"

namespace hindscale {
namespace {

double mean_of(const std::vector<double>& values, std::span<const std::size_t> picks) {
  double sum = 0;
  for (const std::size_t i : picks) sum += values[i];
  return sum / static_cast<double>(picks.size());
}

std::vector<double> white_noise(std::size_t n, std::uint64_t stream) {
  const auto noise = test::normal_field<1>({n}, stream);
  return {noise.flat().begin(), noise.flat().end()};
}

TEST(MovingBlocksTest, samples_are_runs_of_months_within_the_period) {
  const auto samples = moving_blocks(25, {.block = 6, .n_samples = 200, .seed = 3});
  ASSERT_EQ(samples.size(), 200U);
  std::vector<int> starts(25, 0);
  for (const MonthPicks& picks : samples) {
    ASSERT_EQ(picks.size(), 25U);
    for (std::size_t i = 0; i < picks.size(); ++i) {
      EXPECT_LT(picks[i], 25U);
      if (i % 6 != 0)
        EXPECT_EQ(picks[i], picks[i - 1] + 1);
      else
        ++starts[picks[i]];
    }
  }
  // Blocks start at 0 .. 19, each of them, and nowhere else.
  EXPECT_TRUE(std::all_of(starts.begin(), starts.begin() + 20, [](int n) { return n > 0; }));
  EXPECT_EQ(std::accumulate(starts.begin() + 20, starts.end(), 0), 0);
}

TEST(MovingBlocksTest, a_sample_depends_on_seed_and_number_only) {
  const auto few = moving_blocks(24, {.block = 3, .n_samples = 5, .seed = 3});
  const auto many = moving_blocks(24, {.block = 3, .n_samples = 50, .seed = 3});
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
  EXPECT_NE(few, moving_blocks(24, {.block = 3, .n_samples = 5, .seed = 4}));
  EXPECT_NE(many[0], many[1]);
}

TEST(MovingBlocksTest, a_short_period_has_no_samples_and_no_interval) {
  const auto samples = moving_blocks(5, {.block = 3, .n_samples = 100, .seed = 1});
  EXPECT_TRUE(samples.empty());
  const auto e =
      estimate([](std::span<const std::size_t> picks) { return picks.size(); }, 5, samples);
  EXPECT_EQ(e.value, 5);
  EXPECT_TRUE(std::isnan(e.interval.low));
}

TEST(MovingBlocksTest, a_block_of_no_months_is_refused) {
  EXPECT_THROW(moving_blocks(12, {.block = 0, .n_samples = 1, .seed = 1}), InputError);
}

TEST(IntervalTest, percentiles_lie_linearly_between_values) {
  std::vector<double> values(101);
  std::iota(values.rbegin(), values.rend(), 0.0);
  EXPECT_DOUBLE_EQ(interval_95(values).low, 2.5);
  EXPECT_DOUBLE_EQ(interval_95(values).high, 97.5);
  EXPECT_DOUBLE_EQ(interval_95({4.0}).low, 4);
  values[50] = undefined;
  EXPECT_TRUE(std::isnan(interval_95(values).low));
  EXPECT_TRUE(std::isnan(interval_95({}).high));
}

TEST(EstimateTest, interval_of_a_mean_of_white_noise_is_two_standard_errors) {
  constexpr std::size_t n = 400;
  const auto noise = white_noise(n, 1);
  const auto samples = moving_blocks(n, {.block = 1, .n_samples = 2000, .seed = 5});
  const auto e = estimate([&](auto picks) { return mean_of(noise, picks); }, n, samples);
  const double half_width = 1.96 / std::sqrt(static_cast<double>(n));
  EXPECT_NEAR((e.interval.high - e.interval.low) / 2, half_width, 0.15 * half_width);
  EXPECT_LT(e.interval.low, e.value);
  EXPECT_GT(e.interval.high, e.value);
}

TEST(PairedDifferenceTest, pairing_finds_a_difference_smaller_than_the_noise) {
  constexpr std::size_t n = 100;
  const auto a = white_noise(n, 1);
  auto b = a;
  const auto jitter = white_noise(n, 2);
  for (std::size_t i = 0; i < n; ++i) b[i] += 0.1 + 0.01 * jitter[i];
  const auto samples = moving_blocks(n, {.block = 4, .n_samples = 500, .seed = 5});
  const Statistic mean_a = [&](auto picks) { return mean_of(a, picks); };
  const Statistic mean_b = [&](auto picks) { return mean_of(b, picks); };
  const Difference d = paired_difference({mean_a, mean_b}, n, samples);
  EXPECT_NEAR(d.value, -0.1, 0.01);
  EXPECT_TRUE(d.significant);
  EXPECT_LT(d.interval.high, 0);
  EXPECT_FALSE(paired_difference({mean_a, mean_a}, n, samples).significant);
  EXPECT_FALSE(paired_difference({mean_a, mean_b}, n, {}).significant);
}

}  // namespace
}  // namespace hindscale
