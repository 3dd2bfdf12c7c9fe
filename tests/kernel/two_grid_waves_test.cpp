// SPDX-License-Identifier: Apache-2.0
// Two-grid waves of fields whose waves are known.
#include "hindscale/kernel/two_grid_waves.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hindscale {
namespace {

TEST(TwoGridWaves, find_the_amplitude_of_each_row_and_column) {
  // Amplitudes 2 and 3 along two rows of four cells, over a mean that is none.
  Array<float, 3> field({1, 2, 4}), waves({2, 2, 4});
  for (std::size_t column = 0; column < 4; ++column) {
    const float sign = column % 2 == 0 ? 1 : -1;
    field(0, 0, column) = 7 + 2 * sign;
    field(0, 1, column) = 5 + 3 * sign;
  }
  two_grid_waves(field, waves);
  const float root = std::sqrt(2.0F);
  for (std::size_t column = 0; column < 4; ++column) {
    const float sign = column % 2 == 0 ? 1 : -1;
    EXPECT_FLOAT_EQ(waves(0, 0, column), 2 * 4 / 2.0F * sign);  // 4 cells over their root
    EXPECT_FLOAT_EQ(waves(0, 1, column), 3 * 4 / 2.0F * sign);
    const float difference = field(0, 0, column) - field(0, 1, column);
    EXPECT_FLOAT_EQ(waves(1, 0, column), difference / root);
    EXPECT_FLOAT_EQ(waves(1, 1, column), -difference / root);
  }
}

TEST(TwoGridWaves, keep_each_field_apart_and_spread_a_nan_over_its_row_and_column) {
  Array<float, 3> fields({2, 4, 6}, 1.0F), waves({4, 4, 6});
  fields(1, 2, 3) = NAN;
  two_grid_waves(fields, waves);
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t column = 0; column < 6; ++column) {
      EXPECT_EQ(waves(0, row, column), 0);
      EXPECT_EQ(waves(2, row, column), 0);
      EXPECT_EQ(std::isnan(waves(1, row, column)), row == 2);
      EXPECT_EQ(std::isnan(waves(3, row, column)), column == 3);
    }
  }
}

}  // namespace
}  // namespace hindscale
