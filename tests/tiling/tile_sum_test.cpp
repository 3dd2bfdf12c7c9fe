// SPDX-License-Identifier: Apache-2.0
// The exact sum of tiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hindscale/random/random.hpp"
#include "hindscale/tiling/tiling.hpp"

namespace hindscale {
namespace {

TEST(TileSum, order_of_tiles_does_not_matter) {
  const TileLayout layout(30, 40, true, {16, 16, 9});
  Array<float, 4> tiles({layout.tiles().size(), 2, 16, 16});
  fill_normal({.seed = 8}, 0, tiles.flat());
  TileSum forwards(layout, 2, {0, 30}), backwards(layout, 2, {0, 30});
  const std::size_t n = tiles.extent(0);
  for (std::size_t i = 0; i < n; ++i) {
    forwards.add(i, 0, tiles[i]);
    backwards.add(n - 1 - i, 0, tiles[n - 1 - i]);
  }
  EXPECT_TRUE(std::ranges::equal(forwards.sums(), backwards.sums()));
}

TEST(TileSum, refuses_values_that_are_not_finite) {
  const TileLayout layout(8, 8, false, {8, 8, 0});
  for (const float bad : {std::nanf(""), HUGE_VALF, -1e6F}) {
    Array<float, 3> values({1, 8, 8}, 1.0F);
    values(0, 3, 4) = bad;
    TileSum sum(layout, 1, {0, 8});
    EXPECT_THROW(sum.add(0, 0, values), InputError);
  }
}

}  // namespace
}  // namespace hindscale
