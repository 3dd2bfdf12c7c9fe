// SPDX-License-Identifier: Apache-2.0
// The costs of runs that can be worked out by hand.
#include "cost_model.hpp"

#include <gtest/gtest.h>

namespace hindscale {
namespace {

/// Each field one tile and one evaluation of a second; nothing is written.
ArchiveWorkload units(std::vector<double> fields) {
  return {.unit_fields = std::move(fields), .evaluations_a_field = 1};
}

TEST(CostModel, one_rank_does_everything) {
  const Rates rates{.evaluations_a_s = 0.5, .overhead = 0.1, .start_s = 7};
  const Cost cost = cost_of({units({3, 2}), units({5})}, rates, {1, 1});
  EXPECT_DOUBLE_EQ(cost.seconds, 7 + 10 * 2 * 1.1);
  EXPECT_DOUBLE_EQ(cost.network_s, 20);
  EXPECT_DOUBLE_EQ(cost.idle_share, 0);
}

TEST(CostModel, free_ranks_take_the_next_unit_and_wait_for_the_last) {
  // 0: 4; 1: 1, 2; then the last of 3 goes to rank 1 at time 3, which ends at 6.
  const Cost cost = cost_of({units({4, 1, 2, 3})}, {}, {2, 1});
  EXPECT_DOUBLE_EQ(cost.seconds, 6);
  EXPECT_DOUBLE_EQ(cost.idle_share, 2.0 / 12);
}

TEST(CostModel, archives_follow_each_other) {
  EXPECT_DOUBLE_EQ(cost_of({units({4}), units({4})}, {}, {2, 1}).seconds, 8);
}

TEST(CostModel, ranks_share_the_tiles_of_a_field_as_far_as_they_divide) {
  ArchiveWorkload work = units({6});
  work.tiles = 3;
  EXPECT_DOUBLE_EQ(cost_of({work}, {}, {2, 2}).seconds, 4);  // two of three tiles on one rank
  EXPECT_DOUBLE_EQ(cost_of({work}, {}, {3, 3}).seconds, 2);
}

TEST(CostModel, the_file_system_limits_all_ranks_together) {
  ArchiveWorkload work = units({1, 1, 1, 1});
  work.bytes_a_field = 100;
  Rates rates{.evaluations_a_s = 1e9, .write_bytes_a_s = 100};
  EXPECT_NEAR(cost_of({work}, rates, {4, 1}).seconds, 1, 1e-6);
  rates.disk_bytes_a_s = 200;
  EXPECT_NEAR(cost_of({work}, rates, {4, 1}).seconds, 2, 1e-6);
}

TEST(CostModel, statistics_read_the_members_again) {
  ArchiveWorkload work = units({2});
  work.statistics_bytes = 300;
  EXPECT_DOUBLE_EQ(cost_of({work}, {.write_bytes_a_s = 100}, {1, 1}).seconds, 2 + 3);
}

TEST(CostModel, fields_are_shared_where_units_are_too_few) {
  ArchiveWorkload work = units({8, 8});
  work.tiles = 4;
  EXPECT_EQ(best_layout({work}, {}, 2).ranks_per_field, 1U);
  EXPECT_EQ(best_layout({work}, {}, 8).ranks_per_field, 4U);
}

}  // namespace
}  // namespace hindscale
