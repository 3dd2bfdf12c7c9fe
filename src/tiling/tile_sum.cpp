// SPDX-License-Identifier: Apache-2.0
// The weighted sum that fuses tiles.
#include <cmath>

#include "hindscale/tiling/tiling.hpp"

namespace hindscale {

TileSum::TileSum(const TileLayout& layout, std::size_t n_channels, Rows rows)
    : layout_(layout), rows_(rows), sums_({n_channels, rows.size(), layout.n_columns()}) {}

void TileSum::add(std::size_t i_tile, std::size_t first_channel, View<const float, 3> values) {
  const Window& window = layout_.tiles()[i_tile];
  HINDSCALE_ASSERT(values.extent(1) == window.n_rows && values.extent(2) == window.n_columns);
  HINDSCALE_ASSERT(window.row >= rows_.first && window.row + window.n_rows <= rows_.last);
  const auto row_weights = layout_.row_weights(i_tile), weights = layout_.column_weights(i_tile);
  const std::size_t n_columns = layout_.n_columns();
  bool all_finite = true;
  for (std::size_t c = 0; c < values.extent(0); ++c) {
    for (std::size_t y = 0; y < window.n_rows; ++y) {
      const float* value = &values(c, y, 0);
      std::int64_t* sum = &sums_(first_channel + c, window.row + y - rows_.first, 0);
      const double scale = row_weights[y] * one;
      for (std::size_t x = 0; x < window.n_columns; ++x) {
        std::size_t column = window.column + x;
        if (column >= n_columns) column -= n_columns;
        const bool is_finite = std::abs(value[x]) < largest;
        all_finite = all_finite && is_finite;
        const double term = is_finite ? static_cast<double>(value[x]) * weights[x] * scale : 0.0;
        sum[column] += static_cast<std::int64_t>(term + std::copysign(0.5, term));
      }
    }
  }
  if (!all_finite) throw DivergenceError({.problem = not_finite});
}

float TileSum::value_of(std::int64_t sum) {
  return static_cast<float>(static_cast<double>(sum) / one);
}

void stitch(const TileLayout& layout, View<const float, 4> tiles, View<float, 3> field) {
  HINDSCALE_ASSERT(tiles.extent(0) == layout.tiles().size() && tiles.extent(1) == field.extent(0));
  TileSum sum(layout, field.extent(0), {0, layout.n_rows()});
  for (std::size_t i = 0; i < tiles.extent(0); ++i) sum.add(i, 0, tiles[i]);
  for (std::size_t i = 0; i < field.size(); ++i)
    field.data()[i] = TileSum::value_of(sum.sums().data()[i]);
}

}  // namespace hindscale
