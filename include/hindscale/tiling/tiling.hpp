// SPDX-License-Identifier: Apache-2.0
// Overlapping tiles of a domain, cut out and fused with tapered weights.
#pragma once

#include <cstddef>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/window.hpp"

namespace hindscale {

struct TilingOptions {
  std::size_t n_rows = 0;     ///< of a tile
  std::size_t n_columns = 0;  ///< of a tile
  std::size_t overlap =
      0;  ///< least number of cells two neighbours share along an axis with more than one tile
};

/// The tiles of a domain [n_rows, n_columns] with weights that sum to one in every cell. Starts are
/// spread evenly; an axis no longer than the tile has one tile. Weights are products of linear
/// ramps ((i + 0.5) / n over the n shared cells, zero nowhere), without a ramp at an outer border,
/// normalised by their sum in double.
class TileLayout {
 public:
  /// InputError: tile larger than the domain, overlap not smaller than the tile.
  TileLayout(std::size_t n_rows, std::size_t n_columns, bool periodic,
             const TilingOptions& options);

  [[nodiscard]] const std::vector<Window>& tiles() const { return tiles_; }
  /// Normalised weight of each cell of a tile [n_rows, n_columns].
  [[nodiscard]] View<const float, 2> weight(std::size_t i_tile) const {
    return weights_[i_tile].view();
  }

 private:
  std::vector<Window> tiles_;
  std::vector<Array<float, 2>> weights_;
};

/// Fuses tile values [tile, channel, n_rows, n_columns] into field [channel, y, x]: the weighted
/// sum in tile order, accumulated in double, so that the order and the chunks in which tiles were
/// computed do not matter.
void stitch(const TileLayout& layout, View<const float, 4> tiles, View<float, 3> field);

}  // namespace hindscale
