// SPDX-License-Identifier: Apache-2.0
// Every second belongs to one region.
#include "hindscale/core/regions.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace hindscale {
namespace {

using std::chrono::milliseconds;

double of(const Regions::Seconds& seconds, Region region) {
  return seconds[static_cast<std::size_t>(region)];
}

TEST(Regions, an_inner_region_interrupts_the_outer_one) {
  const auto start = std::chrono::steady_clock::now();
  Regions regions;
  {
    const InRegion network(&regions, Region::network);
    std::this_thread::sleep_for(milliseconds(20));
    {
      const InRegion writing(&regions, Region::writing);
      std::this_thread::sleep_for(milliseconds(50));
    }
    std::this_thread::sleep_for(milliseconds(20));
  }
  const Regions::Seconds seconds = regions.seconds();
  const double all =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EXPECT_GE(of(seconds, Region::writing), 0.050);
  EXPECT_GE(of(seconds, Region::network), 0.040);
  EXPECT_EQ(of(seconds, Region::sampling), 0);
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  EXPECT_LE(sum, all);
  EXPECT_NEAR(sum, all, 1e-3);  // but for these lines
  EXPECT_LE(of(seconds, Region::writing), all - 0.040);
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
