// SPDX-License-Identifier: Apache-2.0
// The cosine schedule against its closed form, and the times of a sampler.
#include "hindscale/sampler/schedule.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

double cosine_share(double t, double steps) {
  const auto f = [steps](double time) {
    return std::pow(std::cos((time / steps + 0.008) / 1.008 * std::numbers::pi / 2), 2);
  };
  return f(t) / f(0);
}

TEST(Schedule, telescopes_to_the_closed_form) {
  const Schedule schedule = cosine_schedule(1000);
  ASSERT_EQ(schedule.steps(), 1000);
  // beta is bounded at the very last step only
  for (std::int64_t t = 0; t < 999; ++t) {
    const double expected = cosine_share(static_cast<double>(t + 1), 1000);
    ASSERT_NEAR(schedule.abar[static_cast<std::size_t>(t)] / expected, 1, 1e-9) << t;
  }
  EXPECT_NEAR(schedule.abar[999] / schedule.abar[998], 1e-3, 1e-12);
}

TEST(Schedule, falls_within_zero_and_one) {
  const Schedule schedule = cosine_schedule(50);
  double above = 1;
  for (const double abar : schedule.abar) {
    EXPECT_LT(abar, above);
    EXPECT_GT(abar, 0);
    above = abar;
  }
}

TEST(SamplingTimes, are_the_ends_of_equal_parts) {
  const Schedule schedule = cosine_schedule(1000);
  EXPECT_THAT(sampling_times(schedule, 8),
              testing::ElementsAre(999, 874, 749, 624, 499, 374, 249, 124));
  EXPECT_THAT(sampling_times(schedule, 1), testing::ElementsAre(999));
  EXPECT_THAT(sampling_times(schedule, 3), testing::ElementsAre(999, 666, 332));
}

TEST(SamplingTimes, are_all_times_where_steps_equal_those_of_training) {
  std::vector<std::int64_t> all(1000);
  std::iota(all.rbegin(), all.rend(), 0);
  EXPECT_EQ(sampling_times(cosine_schedule(1000), 1000), all);
}

TEST(SamplingTimes, refuse_more_steps_than_the_schedule_has) {
  EXPECT_THROW(sampling_times(cosine_schedule(10), 11), InputError);
  EXPECT_THROW(sampling_times(cosine_schedule(10), 0), InputError);
}

}  // namespace
}  // namespace hindscale
