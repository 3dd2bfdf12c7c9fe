// SPDX-License-Identifier: Apache-2.0
// What of an archive is there at a time.
#include "reconstruction_plan.hpp"

#include <gtest/gtest.h>

namespace hindscale {
namespace {

TEST(ReconstructionPlan, members_that_are_not_kept_are_there_for_a_few_blocks_of_years_at_a_time) {
  ReconstructionPlan plan;
  for (int year = 2001; year <= 2010; ++year)
    for (int member = 1; member <= 4; ++member)
      plan.units.push_back({{{year, 1}, {year, 12}}, {member}});
  EXPECT_EQ(plan.segments_in_work(1), 2U);  // one in work, the one before waits for its statistics
  EXPECT_EQ(plan.segments_in_work(4), 2U);
  EXPECT_EQ(plan.segments_in_work(5), 3U);
  EXPECT_EQ(plan.segments_in_work(1000), 10U);  // there are no more
  EXPECT_EQ(ReconstructionPlan{}.segments_in_work(4), 0U);
}

}  // namespace
}  // namespace hindscale
