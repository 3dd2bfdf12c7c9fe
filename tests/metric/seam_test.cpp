// SPDX-License-Identifier: Apache-2.0
// Steps and variance at edges, on fields small enough to add up by hand.
#include "hindscale/metric/seam.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hindscale {
namespace {

TEST(Seam, steps_are_those_across_the_edges_alone) {
  Array<float, 2> field({4, 6});
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 0; x < 6; ++x)
      field(y, x) = (y >= 2 ? 3.0F : 0.0F) + (x >= 3 ? 2.0F : 0.0F);
  EXPECT_EQ(squared_steps(field, {{2}, {}}), 9.0 * 6);
  EXPECT_EQ(squared_steps(field, {{1, 3}, {1, 2, 4, 5}}), 0);
  EXPECT_EQ(squared_steps(field, {{}, {3}}), 4.0 * 4);
  EXPECT_EQ(squared_steps(field, {{}, {0}}), 4.0 * 4) << "round the globe";
}

TEST(Seam, missing_neighbours_are_left_out) {
  Array<float, 2> field({1, 4}, 1.0F);
  field(0, 1) = std::numeric_limits<float>::quiet_NaN();
  field(0, 3) = 4;
  EXPECT_EQ(squared_steps(field, {{}, {1, 2, 3}}), 9);
}

TEST(Seam, variance_counts_cells_within_reach_once) {
  Array<float, 3> fields({2, 5, 8});
  for (std::size_t i = 0; i < 40; ++i) fields[1].data()[i] = 2;  // variance 2 in every cell
  EXPECT_EQ(variance_near(fields, {{}, {4}}, 2), 2.0 * 4 * 5);
  EXPECT_EQ(variance_near(fields, {{2}, {}}, 1), 2.0 * 2 * 8);
  EXPECT_EQ(variance_near(fields, {{2}, {4}}, 1), 2.0 * (2 * 8 + 2 * 5 - 4));
  EXPECT_EQ(variance_near(fields, {{}, {0}}, 2), 2.0 * 4 * 5) << "two columns on either side";
  EXPECT_EQ(variance_near(fields, {{1}, {}}, 2), 2.0 * 3 * 8) << "no row before the first";
  fields(0, 0, 3) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(variance_near(fields, {{}, {4}}, 2), 2.0 * (4 * 5 - 1));
}

}  // namespace
}  // namespace hindscale
