// SPDX-License-Identifier: Apache-2.0
// What of an archive is there at a time, and the disk it takes.
#include "reconstruction_plan.hpp"

#include <gtest/gtest.h>

#include "statistics_pass.hpp"

namespace hindscale {
namespace {

/// Four members of ten years, a unit a member and year.
ReconstructionPlan ten_years() {
  ReconstructionPlan plan;
  plan.variables = {"uas"};
  plan.members = {1, 2, 3, 4};
  for (int year = 2001; year <= 2010; ++year) {
    plan.segments.push_back({{year, 1}, {year, 12}});
    for (const int member : plan.members) plan.units.push_back({plan.segments.back(), {member}});
  }
  return plan;
}

TEST(ReconstructionPlan, members_that_are_not_kept_are_there_for_a_few_blocks_of_years_at_a_time) {
  const ReconstructionPlan plan = ten_years();
  EXPECT_EQ(plan.segments_in_work(1), 2U);  // one in work, the one before waits for its statistics
  EXPECT_EQ(plan.segments_in_work(4), 2U);
  EXPECT_EQ(plan.segments_in_work(5), 3U);
  EXPECT_EQ(plan.segments_in_work(1000), 10U);  // there are no more
  EXPECT_EQ(ReconstructionPlan{}.segments_in_work(4), 0U);
}

TEST(ReconstructionPlan, disk_holds_statistics_and_the_members_that_are_kept_or_wait_for_theirs) {
  Options options;
  options.output.quantiles = {0.5};
  StoreContent content;
  content.variables = {"uas"};
  content.fine = regular_grid({0, -90, 15, 15, 24, 12});
  const CoarseDigests coarse;
  const OutputStyle style{options, content, "nowhere", {}, coarse};
  const ReconstructionPlan plan = ten_years();
  constexpr std::uintmax_t file = 16384 + 12 * 24 * 12 * 4;  // header, and twelve fields
  constexpr std::uintmax_t statistics = 10 * 3 * file;       // mean, deviation and median
  EXPECT_EQ(bytes_to_write(style, plan, {}, 1), statistics + 40 * file);
  options.output.members = false;
  EXPECT_EQ(bytes_to_write(style, plan, {}, 1), statistics + 2 * 4 * file);
  EXPECT_EQ(bytes_to_write(style, plan, {}, 5), statistics + 3 * 4 * file);
  EXPECT_EQ(bytes_to_write(style, plan, {}, 1000), statistics + 40 * file);
  options.output.statistics = false;
  options.output.members = true;
  EXPECT_EQ(bytes_to_write(style, plan, {}, 1), 40 * file);
}

}  // namespace
}  // namespace hindscale
