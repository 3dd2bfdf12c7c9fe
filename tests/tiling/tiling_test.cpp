// SPDX-License-Identifier: Apache-2.0
// Layouts of tiles: coverage, weights, stitching.
#include "hindscale/tiling/tiling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tiling/tiling_cases.hpp"

namespace hindscale {
namespace {

using test::Case;
using test::cases;

double weight_of(const TileLayout& layout, std::size_t i_tile, std::size_t y, std::size_t x) {
  return layout.row_weights(i_tile)[y] * layout.column_weights(i_tile)[x];
}

/// Sum over tiles of `value(tile, y, x)` in each cell of the domain.
template <class Value>
Array<double, 2> sum_over_tiles(const Case& c, const TileLayout& layout, const Value& value) {
  Array<double, 2> sum({c.n_rows, c.n_columns});
  for (std::size_t i = 0; i < layout.tiles().size(); ++i) {
    const Window& window = layout.tiles()[i];
    for (std::size_t y = 0; y < window.n_rows; ++y) {
      for (std::size_t x = 0; x < window.n_columns; ++x) {
        sum(window.row + y, (window.column + x) % c.n_columns) += value(i, y, x);
      }
    }
  }
  return sum;
}

Array<float, 4> cut_tiles(const TileLayout& layout, const Array<float, 3>& field) {
  const Window& first = layout.tiles().front();
  Array<float, 4> tiles({layout.tiles().size(), field.extent(0), first.n_rows, first.n_columns});
  for (std::size_t i = 0; i < layout.tiles().size(); ++i)
    extract(field, layout.tiles()[i], tiles[i]);
  return tiles;
}

Array<float, 3> random_field(const Case& c) {
  Array<float, 3> field({2, c.n_rows, c.n_columns});
  fill_normal({.seed = 1}, 0, field.flat());
  return field;
}

TEST(TileLayout, weights_sum_to_one_in_every_cell) {
  for (const Case& c : cases()) {
    const TileLayout layout = c.layout();
    const auto weight = [&](std::size_t i, std::size_t y, std::size_t x) {
      return weight_of(layout, i, y, x);
    };
    const Array<double, 2> sums = sum_over_tiles(c, layout, weight);
    for (const double sum : sums.flat()) ASSERT_NEAR(sum, 1, 1e-12) << c;
  }
}

TEST(TileLayout, weights_are_positive_everywhere) {
  for (const Case& c : cases()) {
    const TileLayout layout = c.layout();
    for (std::size_t i = 0; i < layout.tiles().size(); ++i) {
      for (const double weight : layout.row_weights(i)) ASSERT_GT(weight, 0) << c;
      for (const double weight : layout.column_weights(i)) ASSERT_GT(weight, 0) << c;
    }
  }
}

TEST(TileLayout, neighbours_share_at_least_the_overlap) {
  for (const Case& c : cases()) {
    const TileLayout layout = c.layout();
    std::vector<std::size_t> columns;
    for (const Window& window : layout.tiles()) {
      if (window.row == 0) columns.push_back(window.column);
    }
    ASSERT_TRUE(std::is_sorted(columns.begin(), columns.end())) << c;
    if (c.periodic && c.options.n_columns < c.n_columns)
      columns.push_back(columns.front() + c.n_columns);
    for (std::size_t i = 1; i < columns.size(); ++i) {
      ASSERT_GE(columns[i - 1] + c.options.n_columns, columns[i] + c.options.overlap) << c;
    }
  }
}

TEST(TileLayout, a_tile_as_large_as_the_domain_is_the_only_one) {
  const TileLayout layout(73, 144, true, {73, 144, 20});
  ASSERT_EQ(layout.tiles().size(), 1U);
  for (const double weight : layout.row_weights(0)) EXPECT_EQ(weight, 1);
  for (const double weight : layout.column_weights(0)) EXPECT_EQ(weight, 1);
}

TEST(TileLayout, no_more_tiles_than_needed) {
  EXPECT_EQ(TileLayout(64, 128, false, {32, 32, 0}).tiles().size(), 8U);
  EXPECT_EQ(TileLayout(32, 144, true, {32, 64, 16}).tiles().size(), 3U);
  EXPECT_EQ(TileLayout(32, 112, false, {32, 64, 16}).tiles().size(), 2U);
}

TEST(TileLayout, weights_fall_towards_shared_borders_only) {
  const TileLayout open(32, 112, false, {32, 64, 16});
  const auto weight = [&](std::size_t y, std::size_t x) { return weight_of(open, 0, y, x); };
  EXPECT_EQ(weight(5, 0), 1);
  for (std::size_t x = 1; x < 64; ++x) EXPECT_LE(weight(5, x), weight(5, x - 1));
  for (std::size_t x = 49; x < 64; ++x) EXPECT_LT(weight(5, x), weight(5, x - 1));
  EXPECT_NEAR(weight(5, 63), 0.5 / 16, 1e-12);
  const TileLayout round(32, 96, true, {32, 64, 16});
  EXPECT_NEAR(weight_of(round, 0, 5, 0), 0.5 / 16, 1e-12);
  EXPECT_NEAR(weight_of(round, 0, 0, 32), 1, 1e-12);
}

TEST(TileLayout, impossible_options_are_refused_with_their_key) {
  const auto key_of = [](std::size_t n_rows, std::size_t n_columns, const TilingOptions& options) {
    try {
      const TileLayout layout(n_rows, n_columns, true, options);
    } catch (const InputError& error) {
      return error.facts().key;
    }
    return std::string("accepted");
  };
  EXPECT_EQ(key_of(10, 10, {11, 5, 0}), "tiling/size");
  EXPECT_EQ(key_of(10, 10, {5, 11, 0}), "tiling/size");
  EXPECT_EQ(key_of(10, 10, {0, 5, 0}), "tiling/size");
  EXPECT_EQ(key_of(10, 10, {5, 5, 5}), "tiling/overlap");
  EXPECT_EQ(key_of(10, 10, {10, 5, 5}), "tiling/overlap");
  EXPECT_EQ(key_of(10, 10, {10, 5, 4}), "accepted");
  EXPECT_EQ(key_of(10, 10, {10, 5, 3, 2}), "tiling/crop");
  EXPECT_EQ(key_of(10, 10, {10, 5, 4, 2}), "accepted");
  EXPECT_EQ(key_of(4, 10, {4, 8, 6}), "accepted");
}

/// Every case in every form: cropped rims, other weights, moved by half a stride.
std::vector<Case> cases_of_all_forms() {
  std::vector<Case> all;
  for (const Case& base : cases()) {
    for (const Stitching stitching : {Stitching::taper, Stitching::uniform, Stitching::separate}) {
      for (const bool shifted : {false, true}) {
        Case c = base;
        c.options.stitching = stitching;
        c.options.shifted = shifted;
        c.options.crop = c.options.overlap / 3;
        all.push_back(c);
      }
    }
  }
  return all;
}

TEST(TileLayout, weights_of_all_forms_sum_to_one_in_every_cell) {
  for (const Case& c : cases_of_all_forms()) {
    const TileLayout layout = c.layout();
    const Array<double, 2> sums = sum_over_tiles(
        c, layout,
        [&](std::size_t i, std::size_t y, std::size_t x) { return weight_of(layout, i, y, x); });
    for (const double sum : sums.flat()) ASSERT_NEAR(sum, 1, 1e-12) << c;
  }
}

TEST(TileLayout, cropped_rims_have_no_weight_but_at_outer_borders) {
  const TileLayout layout(16, 40, false, {16, 16, 8, 2});
  ASSERT_EQ(layout.tiles().size(), 4U);
  const auto first = layout.column_weights(0), second = layout.column_weights(1);
  EXPECT_EQ(first[0], 1);
  EXPECT_EQ(first[14], 0);
  EXPECT_EQ(first[15], 0);
  EXPECT_GT(first[13], 0);
  EXPECT_EQ(second[0], 0);
  EXPECT_EQ(second[1], 0);
  EXPECT_GT(second[2], 0);
}

TEST(TileLayout, borders_are_where_tiles_begin_or_cease_to_count) {
  using Borders = std::vector<std::size_t>;
  const TileLayout open(8, 20, false, {8, 8, 2});
  EXPECT_EQ(open.row_borders(), Borders{});
  EXPECT_EQ(open.column_borders(), (Borders{6, 8, 12, 14}));
  const TileLayout cropped(8, 20, false, {8, 8, 2, 1});
  EXPECT_EQ(cropped.column_borders(), (Borders{7, 13}));
  const TileLayout round(8, 16, true, {8, 8, 0});
  EXPECT_EQ(round.column_borders(), (Borders{0, 8}));
  const TileLayout one(8, 16, true, {8, 16, 0});
  EXPECT_EQ(one.column_borders(), (Borders{0}));
}

TEST(TileLayout, half_a_stride_further_borders_lie_inside_tiles) {
  const std::vector<TilingOptions> forms = {{8, 32, 8}, {8, 20, 2}};
  for (const bool periodic : {false, true}) {
    for (TilingOptions options : forms) {
      const TileLayout here(8, 48, periodic, options);
      options.shifted = true;
      const TileLayout there(8, 48, periodic, options);
      for (const std::size_t border : here.column_borders())
        EXPECT_EQ(std::ranges::count(there.column_borders(), border), 0) << options.n_columns;
    }
  }
}

TEST(TileLayout, separate_tiles_follow_each_other_and_the_last_ends_with_the_domain) {
  // The tiles of DPDM: 400 x 700 in tiles of 128, 4 x 6 of them.
  const TileLayout layout(400, 700, false, {128, 128, 0, 0, Stitching::separate});
  ASSERT_EQ(layout.tiles().size(), 24U);
  EXPECT_EQ(layout.tiles()[4].column, 512U);
  EXPECT_EQ(layout.tiles()[5].column, 572U);
  EXPECT_EQ(layout.tiles()[18].row, 272U);
}

TEST(Stitch, stitch_of_extract_is_identity) {
  for (const Case& c : cases()) {
    const TileLayout layout = c.layout();
    const Array<float, 3> field = random_field(c);
    Array<float, 3> fused({2, c.n_rows, c.n_columns});
    stitch(layout, cut_tiles(layout, field), fused);
    for (std::size_t i = 0; i < field.size(); ++i) {
      const float expected = field.flat()[i];
      ASSERT_NEAR(fused.flat()[i], expected, 4e-7 * std::abs(expected)) << c;
    }
  }
}

TEST(Stitch, is_the_sum_of_weighted_tiles) {
  const Case c{30, 40, true, {16, 16, 5}};
  const TileLayout layout = c.layout();
  Array<float, 4> tiles({layout.tiles().size(), 1, 16, 16});
  fill_normal({.seed = 8}, 0, tiles.flat());
  Array<float, 3> fused({1, 30, 40});
  stitch(layout, tiles, fused);
  const Array<double, 2> expected =
      sum_over_tiles(c, layout, [&](std::size_t i, std::size_t y, std::size_t x) {
        return weight_of(layout, i, y, x) * tiles(i, 0, y, x);
      });
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(fused.flat()[i], expected.flat()[i], 4e-7 * std::abs(expected.flat()[i]));
  }
}

TEST(Stitch, channels_do_not_mix_and_their_number_does_not_matter) {
  const Case c{30, 40, true, {16, 16, 5}};
  const TileLayout layout = c.layout();
  const Array<float, 3> both = random_field(c);
  Array<float, 3> fused({2, 30, 40});
  stitch(layout, cut_tiles(layout, both), fused);
  for (std::size_t channel = 0; channel < 2; ++channel) {
    Array<float, 3> one({1, 30, 40});
    std::copy(both[channel].begin(), both[channel].end(), one.data());
    Array<float, 3> alone({1, 30, 40});
    stitch(layout, cut_tiles(layout, one), alone);
    EXPECT_TRUE(std::equal(alone.flat().begin(), alone.flat().end(), fused[channel].begin()));
  }
}

}  // namespace
}  // namespace hindscale
