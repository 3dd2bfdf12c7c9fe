// SPDX-License-Identifier: Apache-2.0
// Layout of tiles, their weights, and the weighted sum that fuses them.
#include "hindscale/tiling/tiling.hpp"

#include <fmt/format.h>

#include <Kokkos_Core.hpp>
#include <utility>

namespace hindscale {
namespace {

struct AxisPlan {
  const char* name;
  std::size_t n = 0;     ///< cells of the domain
  std::size_t tile = 0;  ///< cells of a tile
  std::size_t overlap = 0;
  bool periodic = false;
};

/// The tiles of one axis and their normalised weights.
struct AxisTiles {
  std::vector<std::size_t> starts;
  std::vector<std::vector<double>> weights;
};

void require_valid(const AxisPlan& axis) {
  if (axis.tile == 0 || axis.tile > axis.n) {
    throw InputError({.problem = fmt::format("tile of this number of {} does not fit", axis.name),
                      .value = std::to_string(axis.tile),
                      .why = fmt::format("the domain has {}", axis.n),
                      .advice = fmt::format("choose between 1 and {}", axis.n),
                      .key = "tiling/size"});
  }
  if (axis.tile < axis.n && axis.overlap >= axis.tile) {
    throw InputError({.problem = "overlap not smaller than the tile",
                      .value = std::to_string(axis.overlap),
                      .why = fmt::format("tiles have {} {}", axis.tile, axis.name),
                      .advice = fmt::format("choose at most {}", axis.tile - 1),
                      .key = "tiling/overlap"});
  }
}

std::vector<std::size_t> starts_of(const AxisPlan& axis) {
  if (axis.tile == axis.n) return {0};
  const std::size_t largest_step = axis.tile - axis.overlap;
  // On a circle the steps add up to the whole axis, else to what the last tile leaves.
  const std::size_t way = axis.periodic ? axis.n : axis.n - axis.tile;
  const std::size_t n_steps = (way + largest_step - 1) / largest_step;
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < n_steps; ++i) starts.push_back(i * way / n_steps);
  if (!axis.periodic) starts.push_back(way);
  return starts;
}

/// Cells that tile `i` shares with the next one; none behind the last tile of an open axis.
std::size_t shared_with_next(const AxisPlan& axis, const std::vector<std::size_t>& starts,
                             std::size_t i) {
  const bool last = i + 1 == starts.size();
  if (starts.size() == 1 || (last && !axis.periodic)) return 0;
  const std::size_t step = last ? axis.n - starts[i] + starts[0] : starts[i + 1] - starts[i];
  return axis.tile - step;
}

double ramp(std::size_t cells_from_border, std::size_t shared) {
  if (cells_from_border >= shared) return 1;
  return (static_cast<double>(cells_from_border) + 0.5) / static_cast<double>(shared);
}

AxisTiles tiles_of(const AxisPlan& axis) {
  require_valid(axis);
  AxisTiles tiles{starts_of(axis), {}};
  const std::size_t n_tiles = tiles.starts.size();
  std::vector<double> sum(axis.n, 0.0);
  for (std::size_t i = 0; i < n_tiles; ++i) {
    const std::size_t before =
        i == 0 && !axis.periodic
            ? 0
            : shared_with_next(axis, tiles.starts, (i + n_tiles - 1) % n_tiles);
    const std::size_t after = shared_with_next(axis, tiles.starts, i);
    auto& weights = tiles.weights.emplace_back();
    for (std::size_t k = 0; k < axis.tile; ++k) {
      weights.push_back(ramp(k, before) * ramp(axis.tile - 1 - k, after));
      sum[(tiles.starts[i] + k) % axis.n] += weights.back();
    }
  }
  for (std::size_t i = 0; i < n_tiles; ++i) {
    for (std::size_t k = 0; k < axis.tile; ++k) {
      tiles.weights[i][k] /= sum[(tiles.starts[i] + k) % axis.n];
    }
  }
  return tiles;
}

/// Adds the tile's share of one row of the field.
void add_row(const Window& window, const float* weights, const float* values,
             std::vector<double>& row) {
  for (std::size_t x = 0; x < window.n_columns; ++x) {
    std::size_t column = window.column + x;
    if (column >= row.size()) column -= row.size();
    row[column] += static_cast<double>(weights[x]) * static_cast<double>(values[x]);
  }
}

}  // namespace

TileLayout::TileLayout(std::size_t n_rows, std::size_t n_columns, bool periodic,
                       const TilingOptions& options) {
  const AxisTiles rows = tiles_of({"rows", n_rows, options.n_rows, options.overlap, false});
  const AxisTiles columns =
      tiles_of({"columns", n_columns, options.n_columns, options.overlap, periodic});
  for (std::size_t i = 0; i < rows.starts.size(); ++i) {
    for (std::size_t j = 0; j < columns.starts.size(); ++j) {
      tiles_.push_back({rows.starts[i], columns.starts[j], options.n_rows, options.n_columns});
      auto& weights = weights_.emplace_back(Shape<2>{options.n_rows, options.n_columns});
      // The sum over tiles of products is the product of the sums, so each axis is normalised
      // alone.
      for (std::size_t y = 0; y < options.n_rows; ++y) {
        for (std::size_t x = 0; x < options.n_columns; ++x) {
          weights(y, x) = static_cast<float>(rows.weights[i][y] * columns.weights[j][x]);
        }
      }
    }
  }
}

void stitch(const TileLayout& layout, View<const float, 4> tiles, View<float, 3> field) {
  const std::vector<Window>& windows = layout.tiles();
  HINDSCALE_ASSERT(tiles.extent(0) == windows.size() && tiles.extent(1) == field.extent(0));
  const std::size_t n_rows = field.extent(1);
  const std::size_t n_columns = field.extent(2);
  for (const Window& window : windows) {
    HINDSCALE_ASSERT(window.row + window.n_rows <= n_rows && window.column < n_columns);
    HINDSCALE_ASSERT(window.n_rows == tiles.extent(2) && window.n_columns == tiles.extent(3));
    HINDSCALE_ASSERT(window.n_columns <= n_columns);
  }
  const Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace> range(0, field.extent(0) * n_rows);
  Kokkos::parallel_for("stitch", range, [&](const std::size_t i_row) {
    const std::size_t channel = i_row / n_rows;
    const std::size_t y = i_row % n_rows;
    std::vector<double> row(n_columns, 0.0);
    for (std::size_t i = 0; i < windows.size(); ++i) {
      if (y < windows[i].row || y >= windows[i].row + windows[i].n_rows) continue;
      const std::size_t y_tile = y - windows[i].row;
      add_row(windows[i], &layout.weight(i)(y_tile, 0), &tiles(i, channel, y_tile, 0), row);
    }
    for (std::size_t x = 0; x < n_columns; ++x) field(channel, y, x) = static_cast<float>(row[x]);
  });
}

}  // namespace hindscale
