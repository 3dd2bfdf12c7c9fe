// SPDX-License-Identifier: Apache-2.0
// How often the tiles move.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tiling/tiling_cases.hpp"

namespace hindscale {
namespace {

using test::Case;
using test::cases;

TEST(LayoutTurns, every_second_evaluation_moves_where_that_costs_little) {
  const LayoutTurns globe(73, 144, true, {40, 80, 7});  // 4 and 6 tiles, CorrDiff's 3 x 2
  EXPECT_FALSE(globe.takes_other(0));
  EXPECT_TRUE(globe.takes_other(1));
  EXPECT_TRUE(globe.takes_other(7));
  EXPECT_EQ(globe.n_tiles(8), 4 * 4 + 4 * 6);
  EXPECT_EQ(globe.n_tiles(7), 4 * 4 + 3 * 6);
}

TEST(LayoutTurns, every_third_moves_where_an_open_domain_needs_many_more) {
  TilingOptions options{128, 128, 16};
  const LayoutTurns region(400, 700, false, options);  // 28 and 40 tiles, CorrDiff's 28
  EXPECT_FALSE(region.takes_other(1));
  EXPECT_TRUE(region.takes_other(2));
  EXPECT_EQ(region.n_tiles(3), 28 + 28 + 40);
  options.shifted = true;
  EXPECT_EQ(LayoutTurns(400, 700, false, options).n_tiles(3), 40 + 40 + 28);
}

TEST(LayoutTurns, keep_to_their_share_of_tiles) {
  const auto padded = [](std::size_t n, std::size_t tile, std::size_t overlap) {
    return tile == n ? 1.0
                     : std::ceil(static_cast<double>(n) / static_cast<double>(tile - overlap));
  };
  for (const Case& c : cases()) {
    const TilingOptions& o = c.options;
    const std::size_t standing = c.layout().tiles().size();
    const double most = 1.15 * std::max(static_cast<double>(standing),
                                        padded(c.n_rows, o.n_rows, o.overlap) *
                                            padded(c.n_columns, o.n_columns, o.overlap));
    TilingOptions moved = o;
    moved.shifted = true;
    const std::size_t n_moved = TileLayout(c.n_rows, c.n_columns, c.periodic, moved).tiles().size();
    const LayoutTurns turns(c.n_rows, c.n_columns, c.periodic, o);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < 60; ++i) {
      sum += turns.takes_other(i) ? n_moved : standing;
      EXPECT_EQ(turns.n_tiles(i + 1), sum) << c;
      EXPECT_LE(static_cast<double>(sum), most * static_cast<double>(i + 1) + 1e-9) << c;
    }
  }
}

}  // namespace
}  // namespace hindscale
