// SPDX-License-Identifier: Apache-2.0
// The schedules against their closed forms, and the levels of a sampler.
#include "hindscale/sampler/schedule.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

Schedule schedule_of(const std::string& name, std::int64_t steps = 1000) {
  DiffusionOptions options;
  options.schedule = name;
  options.timesteps = steps;
  options.p_mean = -0.4;
  options.p_std = 1.1;
  return make_schedule(options);
}

double cosine_share(double t, double steps) {
  const auto f = [steps](double time) {
    return std::pow(std::cos((time / steps + 0.008) / 1.008 * std::numbers::pi / 2), 2);
  };
  return f(t) / f(0);
}

TEST(CosineSchedule, telescopes_to_the_closed_form) {
  const Schedule schedule = schedule_of("cosine");
  ASSERT_EQ(schedule.steps(), 1000);
  // beta is bounded at the very last step only
  for (std::size_t t = 0; t < 999; ++t) {
    const double expected = cosine_share(static_cast<double>(t + 1), 1000);
    ASSERT_NEAR(schedule.abar(t) / expected, 1, 1e-9) << t;
    ASSERT_EQ(schedule.time[t], static_cast<double>(t));
  }
  EXPECT_NEAR(schedule.abar(999) / schedule.abar(998), 1e-3, 1e-9);
}

TEST(VpSchedule, is_the_integral_of_its_beta) {
  const Schedule schedule = schedule_of("vp");
  for (const std::size_t t : {0U, 300U, 999U}) {
    const double u = (static_cast<double>(t) + 0.5) / 1000;
    double integral = 0;  // of beta from 0 to u, by the midpoint rule
    constexpr int n = 2000;
    for (int i = 0; i < n; ++i) integral += (0.1 + 19.9 * u * (i + 0.5) / n) * u / n;
    EXPECT_NEAR(schedule.abar(t) / std::exp(-integral), 1, 1e-6);
    EXPECT_NEAR(schedule.time[t], 1000 * u, 1e-9);
  }
}

TEST(VeSchedule, is_geometric) {
  const Schedule schedule = schedule_of("ve");
  for (std::size_t t = 1; t < 999; ++t)
    ASSERT_NEAR(schedule.ratio[t + 1] / schedule.ratio[t],
                schedule.ratio[t] / schedule.ratio[t - 1], 1e-9);
  EXPECT_NEAR(schedule.ratio.front(), 0.01, 1e-4);
  EXPECT_NEAR(schedule.ratio.back(), 50, 0.3);
}

TEST(EdmSchedule, is_log_normal) {
  const Schedule schedule = schedule_of("edm");
  double mean = 0, square = 0;
  for (const double r : schedule.ratio) mean += std::log(r) / 1000;
  for (const double r : schedule.ratio) square += std::pow(std::log(r) - mean, 2) / 1000;
  EXPECT_NEAR(mean, -0.4, 1e-9);
  EXPECT_NEAR(std::sqrt(square), 1.1, 0.005);
  // The upper quartile of a normal law lies 0.67449 deviations above its mean.
  EXPECT_NEAR(std::log(schedule.ratio[749] * schedule.ratio[750]) / 2, -0.4 + 0.67449 * 1.1, 1e-3);
  EXPECT_NEAR(schedule.time[10], 250 * std::log(schedule.ratio[10]), 1e-9);
}

TEST(Schedule, rises_and_its_time_can_be_looked_up) {
  for (const char* name : {"cosine", "vp", "ve", "edm", "rho"}) {
    const Schedule schedule = schedule_of(name);
    EXPECT_TRUE(std::ranges::is_sorted(schedule.ratio)) << name;
    EXPECT_GT(schedule.ratio.front(), 0);
    for (std::size_t t = 0; t < 1000; ++t)
      ASSERT_EQ(schedule.time_of(schedule.ratio[t]), schedule.time[t]) << name << t;
    const double between = schedule.time_of(std::sqrt(schedule.ratio[3] * schedule.ratio[4]));
    EXPECT_NEAR(between, (schedule.time[3] + schedule.time[4]) / 2, 1e-9);
    EXPECT_LT(schedule.time_of(schedule.ratio[0] / 2), schedule.time[0]);
    EXPECT_GT(schedule.time_of(schedule.ratio[999] * 2), schedule.time[999]);
  }
}

TEST(SamplingLevels, by_time_are_the_ends_of_equal_parts) {
  const Schedule schedule = schedule_of("cosine");
  const auto& r = schedule.ratio;
  EXPECT_THAT(
      sampling_levels(schedule, {}, 8),
      testing::ElementsAre(r[999], r[874], r[749], r[624], r[499], r[374], r[249], r[124], 0));
  EXPECT_THAT(sampling_levels(schedule, {}, 1), testing::ElementsAre(r[999], 0));
  const auto all = sampling_levels(schedule, {}, 1000);
  EXPECT_TRUE(std::equal(r.rbegin(), r.rend(), all.begin()));
}

TEST(SamplingLevels, by_rho_are_those_of_karras) {
  const LevelGrid grid{LevelGrid::Spacing::rho, 7, 0.002, 80};
  const auto levels = sampling_levels(schedule_of("edm"), grid, 18);
  ASSERT_EQ(levels.size(), 19U);
  EXPECT_NEAR(levels.front(), 80, 1e-9);
  EXPECT_NEAR(levels[17], 0.002, 1e-12);
  EXPECT_EQ(levels.back(), 0);
  const double first = std::pow(80, 1.0 / 7), last = std::pow(0.002, 1.0 / 7);
  EXPECT_NEAR(levels[5], std::pow(first + 5.0 / 17 * (last - first), 7), 1e-9);
}

TEST(SamplingLevels, refuse_more_steps_than_the_schedule_has) {
  EXPECT_THROW(sampling_levels(schedule_of("cosine", 10), {}, 11), InputError);
  EXPECT_THROW(sampling_levels(schedule_of("cosine", 10), {}, 0), InputError);
}

}  // namespace
}  // namespace hindscale
