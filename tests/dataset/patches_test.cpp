// SPDX-License-Identifier: Apache-2.0
// The training order: a function of the seed, fair to months, places and noise levels.
#include "hindscale/dataset/patches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

PatchPlanOptions small_plan() {
  PatchPlanOptions options;
  options.seed = 5;
  options.n_items = 7;
  options.n_rows = 30;
  options.n_columns = 40;
  options.patch_rows = 12;
  options.patch_columns = 16;
  options.batch = 4;
  return options;
}

std::vector<std::uint64_t> numbers(const Patch& patch) {
  return {patch.i_item, patch.window.row, patch.window.column,
          static_cast<std::uint64_t>(patch.noise_level), patch.id};
}

TEST(PatchPlan, a_patch_depends_on_the_seed_and_not_on_what_was_asked_before) {
  const PatchPlan forward(small_plan()), backward(small_plan());
  PatchPlanOptions other = small_plan();
  other.seed = 6;
  const PatchPlan reseeded(other);
  std::vector<std::vector<std::uint64_t>> seen;
  int n_other = 0;
  for (std::int64_t step = 0; step < 20; ++step) {
    for (std::size_t i = 0; i < 4; ++i) {
      seen.push_back(numbers(forward.patch(step, i)));
      EXPECT_EQ(seen.back().back(), static_cast<std::uint64_t>(step) * 4 + i);
      n_other += numbers(reseeded.patch(step, i)) != seen.back() ? 1 : 0;
    }
  }
  for (std::size_t k = seen.size(); k-- > 0;) {
    EXPECT_EQ(numbers(backward.patch(static_cast<std::int64_t>(k / 4), k % 4)), seen[k]);
  }
  EXPECT_GT(n_other, 70);
}

TEST(PatchPlan, each_epoch_sees_each_item_once_in_an_order_of_its_own) {
  const PatchPlan plan(small_plan());
  std::vector<std::vector<std::size_t>> epochs(4);
  for (std::size_t k = 0; k < 28; ++k) {
    epochs[k / 7].push_back(plan.patch(static_cast<std::int64_t>(k / 4), k % 4).i_item);
  }
  for (const auto& epoch : epochs) {
    EXPECT_THAT(epoch, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6));
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_NE(epochs[1], epochs[2]);
}

TEST(PatchPlan, windows_lie_inside_and_reach_every_border_more_often_than_a_place_between) {
  const PatchPlan plan(small_plan());
  std::vector<int> rows(19, 0), columns(25, 0);
  for (std::int64_t step = 0; step < 1000; ++step) {
    const Window window = plan.patch(step, static_cast<std::size_t>(step) % 4).window;
    ASSERT_LE(window.row + window.n_rows, 30U);
    ASSERT_LE(window.column + window.n_columns, 40U);
    ASSERT_EQ(window.n_rows, 12U);
    ASSERT_EQ(window.n_columns, 16U);
    ++rows[window.row];
    ++columns[window.column];
  }
  EXPECT_GT(*std::min_element(rows.begin(), rows.end()), 0);
  EXPECT_GT(*std::min_element(columns.begin(), columns.end()), 0);
  // A tenth of a patch is one cell here: both ends are drawn twice as often as others.
  EXPECT_NEAR(columns.front(), 2 * 1000 / 27, 30);
  EXPECT_NEAR(columns.back(), 2 * 1000 / 27, 30);
  EXPECT_GT(columns.front() + columns.back(), 3 * 1000 / 27);
}

TEST(PatchPlan, columns_wrap_on_a_periodic_domain_only_where_the_patch_is_narrower) {
  PatchPlanOptions options = small_plan();
  options.periodic = true;
  const PatchPlan narrow(options);
  options.patch_columns = 40;
  const PatchPlan whole(options);
  int n_wrapped = 0;
  for (std::int64_t step = 0; step < 400; ++step) {
    const Window window = narrow.patch(step, 0).window;
    ASSERT_LT(window.column, 40U);
    ASSERT_LE(window.row + window.n_rows, 30U);
    n_wrapped += window.column + window.n_columns > 40 ? 1 : 0;
    EXPECT_EQ(whole.patch(step, 0).window.column, 0U);
  }
  EXPECT_NEAR(n_wrapped, 400 * 15 / 40, 40);
}

TEST(PatchPlan, each_step_draws_one_time_from_each_equal_share_of_the_noise_levels) {
  const PatchPlan plan(small_plan());
  std::vector<std::int64_t> first;
  for (std::int64_t step = 0; step < 200; ++step) {
    for (std::size_t i = 0; i < 4; ++i) {
      const std::int64_t time = plan.patch(step, i).noise_level;
      EXPECT_EQ(time / 250, static_cast<std::int64_t>(i));
      if (i == 0) first.push_back(time);
    }
  }
  EXPECT_LT(*std::min_element(first.begin(), first.end()), 10);
  EXPECT_GT(*std::max_element(first.begin(), first.end()), 239);
}

TEST(PatchPlan, a_patch_larger_than_the_domain_is_refused) {
  for (const auto& [rows, columns] : {std::pair{31, 16}, std::pair{12, 41}}) {
    PatchPlanOptions options = small_plan();
    options.patch_rows = static_cast<std::size_t>(rows);
    options.patch_columns = static_cast<std::size_t>(columns);
    try {
      const PatchPlan plan(options);
      FAIL() << "no error";
    } catch (const InputError& error) {
      EXPECT_EQ(error.facts().key, "training/patch_size");
    }
  }
}

}  // namespace
}  // namespace hindscale
