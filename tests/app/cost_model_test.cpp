// SPDX-License-Identifier: Apache-2.0
// The costs of runs that can be worked out by hand.
#include "cost_model.hpp"

#include <gtest/gtest.h>

#include "cost_choice.hpp"

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
  EXPECT_DOUBLE_EQ(cost.network_s, 20 * 1.1);
  EXPECT_DOUBLE_EQ(cost.idle_share(), 0);
}

TEST(CostModel, free_ranks_take_the_next_unit_and_wait_for_the_last) {
  // 0: 4; 1: 1, 2; then the last of 3 goes to rank 1 at time 3, which ends at 6.
  const Cost cost = cost_of({units({4, 1, 2, 3})}, {}, {2, 1});
  EXPECT_DOUBLE_EQ(cost.seconds, 6);
  EXPECT_DOUBLE_EQ(cost.idle_share(), 2.0 / 12);
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

TEST(CostModel, the_file_system_takes_a_unit_while_the_next_is_computed) {
  ArchiveWorkload work = units({1, 1});
  work.bytes_a_field = 100;
  const Rates rates{.write_bytes_a_s = 1000, .disk_bytes_a_s = 100};
  // 1 and 0.1 for the first; the second from 1.1 to 2.1, taken from then on for 1.
  const Cost cost = cost_of({work}, rates, {1, 1});
  EXPECT_DOUBLE_EQ(cost.seconds, 3.1);
  EXPECT_DOUBLE_EQ(cost.writing_s, 0.2);
  EXPECT_DOUBLE_EQ(cost.file_system_s, 0.9);
  EXPECT_DOUBLE_EQ(cost.io_share(), 1.1 / 3.1);
}

TEST(CostModel, statistics_of_a_block_are_written_while_others_go_on) {
  ArchiveWorkload work = units({1, 1, 1, 1, 1, 1});
  work.unit_segments = {0, 0, 1, 1, 1, 1};
  work.statistics_bytes = 600;
  work.statistics_tasks = 2;
  const Rates rates{.write_bytes_a_s = 100};
  // From 1 to 3 a rank writes the first block's, the other makes two units; then each makes one,
  // until 4. The second block's are one task of 4.
  const Cost cost = cost_of({work}, rates, {2, 1});
  EXPECT_DOUBLE_EQ(cost.seconds, 4 + 4);
  EXPECT_DOUBLE_EQ(cost.writing_s, (2.0 + 4.0) / 2);
  // All at the end where there is but one block.
  work.unit_segments = {0, 0, 0, 0, 0, 0};
  work.statistics_tasks = 1;
  EXPECT_DOUBLE_EQ(cost_of({work}, rates, {2, 1}).seconds, 3 + 6);
}

/// A queue that serves `rate` operations a second; every group asks whether to stop and for a unit,
/// looks once before its fields, and counts it: 4 operations a unit, 2 at the end.
Rates queue_alone(double rate) {
  return {.evaluations_a_s = 1e12, .write_bytes_a_s = 1e12, .queue_service_s = 1 / rate};
}

TEST(CostModel, a_queue_is_saturated_at_its_rate) {
  constexpr double rate = 1000, n_units = 500;
  const std::vector<double> fields(static_cast<std::size_t>(n_units), 1.0);
  for (const std::size_t ranks : {1U, 7U, 50U}) {
    const double operations = 4 * n_units + 2 * static_cast<double>(ranks);
    EXPECT_NEAR(cost_of({units(fields)}, queue_alone(rate), {ranks, 1}).seconds, operations / rate,
                1e-6);
  }
}

TEST(CostModel, a_queue_that_is_not_asked_too_often_costs_its_own_time_alone) {
  Rates rates;
  rates.queue_service_s = 1e-3;
  rates.queue_wait_s = 2e-3;  // the message there and back
  const Cost cost = cost_of({units({10, 10})}, rates, {1, 1});
  EXPECT_NEAR(cost.queue_s, (2 * 4 + 2) * 2e-3, 1e-12);
  EXPECT_NEAR(cost.seconds, 20 + cost.queue_s, 1e-12);
}

TEST(CostModel, groups_look_before_the_fields_of_each_call) {
  ArchiveWorkload work = units({6});
  work.tiles = 2;
  work.batch = 4;  // two fields a call
  const Rates rates{.queue_wait_s = 1};
  EXPECT_DOUBLE_EQ(cost_of({work}, rates, {1, 1}).queue_s, 2 + 3 + 1 + 2);
}

TEST(CostModel, a_root_that_computes_lets_others_wait) {
  // The root is at its unit from the start on. Rank 1 is heard when the root has ended it, at 10.
  const ArchiveWorkload work = units({10, 1});
  const Cost cost = cost_of({work}, {.queue_memory = QueueMemory::by_root}, {2, 1});
  EXPECT_DOUBLE_EQ(cost.seconds, 11);
  EXPECT_DOUBLE_EQ(cost.queue_s, 10.0 / 2);
  EXPECT_DOUBLE_EQ(cost_of({work}, {}, {2, 1}).queue_s, 0);
}

TEST(CostModel, equal_units_leave_exactly_the_ranks_idle_that_the_last_round_does_not_need) {
  const std::vector<double> fields(1900, 3.0);
  const Cost cost = cost_of({units(fields)}, {}, {1000, 1});
  EXPECT_NEAR(cost.seconds, 2 * 3.0, 1e-12);
  EXPECT_NEAR(cost.idle_share(), 100.0 / 2000, 1e-12);
}

TEST(CostModel, the_file_system_makes_so_many_files_a_second) {
  ArchiveWorkload work = units({1, 1, 1, 1});
  work.files = 8;
  const Rates rates{.evaluations_a_s = 1e9, .file_s = 0.5, .files_a_s = 4};
  const Cost cost = cost_of({work}, rates, {4, 1});
  EXPECT_NEAR(cost.seconds, 2, 1e-6);                      // 8 files
  EXPECT_NEAR(cost.writing_s, 1, 1e-6);                    // two files a rank
  EXPECT_NEAR(cost.file_system_s, (0.5 + 1.0) / 4, 1e-6);  // of the two that come last
}

TEST(CostModel, the_parts_of_a_rank_add_up) {
  ArchiveWorkload work = units({3, 5, 2, 2, 4, 1, 1});
  work.tiles = 4;
  work.calls_a_field = 3;
  work.bytes_a_field = 10;
  work.files = 14;
  work.statistics_bytes = 180;
  work.statistics_tasks = 6;
  work.unit_segments = {0, 0, 0, 1, 1, 2, 2};
  const Rates rates{.overhead = 0.1,
                    .write_bytes_a_s = 40,
                    .disk_bytes_a_s = 60,
                    .start_s = 3,
                    .end_s = 1,
                    .scatter = 0.1,
                    .exchange_s = 0.01,
                    .file_s = 0.1,
                    .files_a_s = 15,
                    .start_bytes = 30,
                    .queue_wait_s = 0.01,
                    .queue_service_s = 0.005};
  for (const Layout layout : {Layout{1, 1}, Layout{3, 1}, Layout{6, 2}, Layout{6, 3}}) {
    const Cost cost = cost_of({work, work}, rates, layout);
    EXPECT_NEAR(cost.network_s + cost.sharing_s + cost.queue_s + cost.writing_s +
                    cost.file_system_s + cost.fixed_s + cost.idle_s,
                cost.seconds, 1e-9 * cost.seconds);
  }
}

TEST(CostModel, statistics_are_shared_by_variables_and_blocks_of_years) {
  ArchiveWorkload work = units({});
  work.statistics_bytes = 300;
  work.statistics_tasks = 3;
  const Rates rates{.write_bytes_a_s = 100};
  EXPECT_DOUBLE_EQ(cost_of({work}, rates, {2, 1}).seconds, 2);
  EXPECT_DOUBLE_EQ(cost_of({work}, rates, {3, 1}).seconds, 1);
  EXPECT_DOUBLE_EQ(cost_of({work}, rates, {30, 1}).seconds, 1);
}

TEST(CostModel, fields_are_shared_where_units_are_too_few) {
  ArchiveWorkload work = units({8, 8});
  work.tiles = 4;
  EXPECT_EQ(best_layout({work}, {}, 2)->ranks_per_field, 1U);
  EXPECT_EQ(best_layout({work}, {}, 8)->ranks_per_field, 4U);
}

TEST(BestLayout, is_among_those_that_fit) {
  ArchiveWorkload work = units({8, 8});
  work.tiles = 4;
  const auto at_least = [&](std::size_t least) {
    return best_layout({work}, {}, 8,
                       [least](const Layout& layout) { return layout.ranks_per_field >= least; });
  };
  ArchiveWorkload many = units(std::vector<double>(64, 1.0));
  many.tiles = 4;
  EXPECT_EQ(best_layout({many}, {}, 8)->ranks_per_field, 1U);
  EXPECT_EQ(
      best_layout({many}, {}, 8, [](const Layout& layout) { return layout.ranks_per_field >= 2; })
          ->ranks_per_field,
      2U);
  EXPECT_EQ(at_least(4)->ranks_per_field, 4U);
  EXPECT_FALSE(at_least(5));
}

TEST(BestBatch, is_the_one_asked_for_unless_another_that_fits_is_quicker_by_more_than_a_hundredth) {
  using Costs = std::vector<BatchCost>;
  EXPECT_EQ(best_batch(Costs{{1, 120}, {2, 100}, {8, 100.5}}, 8), 8);
  EXPECT_EQ(best_batch(Costs{{1, 120}, {2, 100}, {4, 99.5}, {8, 102}}, 8), 2);
  EXPECT_EQ(best_batch(Costs{{1, 120}, {2, 110}, {8, 100, false}}, 8), 2);
  EXPECT_EQ(best_batch(Costs{{1, 120, false}, {8, 100, false}}, 8), std::nullopt);
}

}  // namespace
}  // namespace hindscale
