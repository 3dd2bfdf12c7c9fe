// SPDX-License-Identifier: Apache-2.0
// Every second belongs to one region.
#include "hindscale/core/regions.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>

namespace hindscale {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

double of(const Regions::Seconds& seconds, Region region) {
  return seconds[static_cast<std::size_t>(region)];
}

/// Until the clock has moved on.
void work() {
  const auto start = Clock::now();
  while (Clock::now() - start < std::chrono::milliseconds(1)) {
  }
}

TEST(Regions, an_inner_region_interrupts_the_outer_one) {
  const auto before = Clock::now();
  Regions regions;
  const auto made = Clock::now();
  Clock::time_point entered, begun, ended, left;
  {
    const InRegion network(&regions, Region::network);
    work();
    entered = Clock::now();
    {
      const InRegion writing(&regions, Region::writing);
      begun = Clock::now();
      work();
      ended = Clock::now();
    }
    left = Clock::now();
    work();
  }
  const auto asked = Clock::now();
  const Regions::Seconds seconds = regions.seconds();
  const auto answered = Clock::now();
  EXPECT_GE(of(seconds, Region::writing), seconds_between(begun, ended));
  EXPECT_LE(of(seconds, Region::writing), seconds_between(entered, left));
  EXPECT_GE(of(seconds, Region::network), 0.002);
  EXPECT_EQ(of(seconds, Region::sampling), 0);
  constexpr double rounding = 1e-9;
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  EXPECT_GE(sum, seconds_between(made, asked) - rounding);
  EXPECT_LE(sum, seconds_between(before, answered) + rounding);
}

TEST(Regions, nobody_need_count) {
  const InRegion nothing(nullptr, Region::network);
}

TEST(Regions, each_has_a_name_of_its_own) {
  for (std::size_t i = 0; i < n_regions; ++i) {
    EXPECT_FALSE(region_names[i].empty());
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(region_names[i], region_names[k]);
  }
}

}  // namespace
}  // namespace hindscale
