// SPDX-License-Identifier: Apache-2.0
// A field spread over ranks: halos and totals against the whole field.
#include "hindscale/tiling/row_share.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "hindscale/random/random.hpp"

namespace hindscale {
namespace {

constexpr std::size_t n_rows = 23, n_columns = 10;
const TilingOptions tiling{8, 4, 3};

/// Cuts a global field over the ranks, tile by tile, as a sampler does.
struct Spread {
  Communicator world = Communicator::world();
  TileLayout layout{n_rows, n_columns, true, tiling};
  Block mine =
      block_of(static_cast<std::int64_t>(layout.tiles().size()), world.rank(), world.size());
  RowShare share{world, n_rows, touched()};
  Array<float, 3> whole = random_field();

  [[nodiscard]] Rows touched() const {
    if (mine.first == mine.last) return {};
    const auto& tiles = layout.tiles();
    return {tiles[static_cast<std::size_t>(mine.first)].row,
            tiles[static_cast<std::size_t>(mine.last - 1)].row + tiling.n_rows};
  }
  static Array<float, 3> random_field() {
    Array<float, 3> field({2, n_rows, n_columns});
    fill_normal({.seed = 4}, 0, field.flat());
    return field;
  }
  [[nodiscard]] Array<float, 3> rows_of_whole(Rows rows) const {
    Array<float, 3> part({2, rows.size(), n_columns});
    extract(whole.view(), {rows.first, 0, rows.size(), n_columns}, part);
    return part;
  }
};

TEST(RowShare, own_rows_cover_the_domain_once) {
  const Spread spread;
  const std::int64_t n =
      all_sum(spread.world, static_cast<std::int64_t>(spread.share.own().size()));
  EXPECT_EQ(n, static_cast<std::int64_t>(n_rows));
}

TEST(RowShare, halos_are_those_of_the_whole_field) {
  const Spread spread;
  const Array<float, 3> own = spread.rows_of_whole(spread.share.own());
  Array<float, 3> touched({2, spread.share.touched().size(), n_columns});
  spread.share.fill(own, touched);
  EXPECT_TRUE(
      std::ranges::equal(touched.flat(), spread.rows_of_whole(spread.share.touched()).flat()));
}

TEST(RowShare, tiles_of_all_ranks_add_up_to_the_same_sums_as_on_one) {
  const Spread spread;
  const auto tile = [&](std::size_t i) {
    Array<float, 3> values({2, tiling.n_rows, tiling.n_columns});
    fill_normal({.seed = i}, 0, values.flat());
    return values;
  };
  TileSum all(spread.layout, 2, {0, n_rows}), some(spread.layout, 2, spread.share.touched());
  for (std::size_t i = 0; i < spread.layout.tiles().size(); ++i) all.add(i, 0, tile(i));
  for (std::int64_t i = spread.mine.first; i < spread.mine.last; ++i)
    some.add(static_cast<std::size_t>(i), 0, tile(static_cast<std::size_t>(i)));
  const Rows own = spread.share.own();
  Array<std::int64_t, 3> total({2, own.size(), n_columns});
  spread.share.total(some.sums(), total);
  for (std::size_t channel = 0; channel < 2; ++channel) {
    for (std::size_t i = 0; i < own.size() * n_columns; ++i)
      ASSERT_EQ(total[channel].data()[i], all.sums()[channel].data()[own.first * n_columns + i]);
  }
}

TEST(RowShare, the_root_collects_the_whole_field) {
  const Spread spread;
  const bool is_root = spread.world.is_root();
  Array<float, 3> collected(is_root ? spread.whole.shape() : Shape<3>{});
  spread.share.collect(spread.rows_of_whole(spread.share.own()), collected);
  if (is_root) {
    EXPECT_TRUE(std::ranges::equal(collected.flat(), spread.whole.flat()));
  }
}

}  // namespace
}  // namespace hindscale
