// SPDX-License-Identifier: Apache-2.0
// The loss in parts: known sums, parts that make the whole, weights.
#include "hindscale/train/loss_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using ::testing::ElementsAre;

/// Two variables of weights 1.5 and 0.5; the fourth fifth has no patch.
LossTable filled() {
  LossTable table({1.5, 0.5});
  table.add(0, std::vector<double>{8, 2, 4, 2});  // squares of both, counts of both
  table.add(1, std::vector<double>{3, 0, 1, 0});
  table.add(2, std::vector<double>{0, 6, 2, 3});
  table.add(4, std::vector<double>{1, 1, 3, 5});
  table.add(4, std::vector<double>{1, 2, 2, 3});
  return table;
}

TEST(VariableWeights, have_mean_one) {
  EXPECT_THAT(variable_weights({}, 3), ElementsAre(1, 1, 1));
  EXPECT_THAT(variable_weights({3, 1}, 2), ElementsAre(1.5, 0.5));
  EXPECT_THROW(variable_weights({3, 1}, 3), InputError);
}

TEST(LossTable, holds_the_loss_of_each_variable_and_of_each_fifth_of_the_levels) {
  const LossTable table = filled();
  EXPECT_THAT(table.by_variable(), ElementsAre(13.0 / 12, 11.0 / 13));
  const auto by_level = table.by_noise_level();
  EXPECT_DOUBLE_EQ(by_level[0], (1.5 * 8 + 0.5 * 2) / 6);
  EXPECT_DOUBLE_EQ(by_level[1], 1.5 * 3);
  EXPECT_DOUBLE_EQ(by_level[2], 0.5 * 6 / 5);
  EXPECT_TRUE(std::isnan(by_level[3]));
  EXPECT_DOUBLE_EQ(by_level[4], (1.5 * 2 + 0.5 * 3) / 13);
}

TEST(LossTable, parts_make_the_whole) {
  const LossTable table = filled();
  EXPECT_DOUBLE_EQ(table.n_values(), 25);
  EXPECT_DOUBLE_EQ(table.all(), (1.5 * 13 + 0.5 * 11) / 25);
  const auto by_variable = table.by_variable();
  EXPECT_DOUBLE_EQ((1.5 * 12 * by_variable[0] + 0.5 * 13 * by_variable[1]) / 25, table.all());
  const auto by_level = table.by_noise_level();
  EXPECT_DOUBLE_EQ((6 * by_level[0] + by_level[1] + 5 * by_level[2] + 13 * by_level[4]) / 25,
                   table.all());
}

TEST(LossTable, sums_of_tables_are_tables_of_sums) {
  LossTable sum;
  sum.add(filled());
  sum.add(filled());
  EXPECT_DOUBLE_EQ(sum.all(), filled().all());
  EXPECT_DOUBLE_EQ(sum.n_values(), 50);
  LossTable copy({1.5, 0.5});
  copy.set_entries(sum.entries());
  EXPECT_EQ(copy.entries(), sum.entries());
  EXPECT_EQ(copy.all(), sum.all());
  EXPECT_THROW(copy.set_entries(std::vector<double>(3)), InputError);
}

TEST(LossTable, fifths_of_the_levels_are_equally_likely) {
  std::vector<int> counts(LossTable::n_fifths);
  for (std::int64_t level = 0; level < 1000; ++level) ++counts[LossTable::fifth_of(level, 1000)];
  EXPECT_THAT(counts, ElementsAre(200, 200, 200, 200, 200));
  EXPECT_EQ(LossTable::fifth_of(1, 2), 2U);  // fewer levels than fifths
}

TEST(LossTable, reads_as_two_short_lines) {
  EXPECT_EQ(text_by_variable(filled(), {"uas", "pr"}),
            "uas 1.0833 (weight 1.5), pr 0.8462 (weight 0.5)");
  EXPECT_EQ(text_by_noise_level(filled()), "2.167 4.500 0.600 - 0.346");
}

}  // namespace
}  // namespace hindscale
