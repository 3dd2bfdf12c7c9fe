// SPDX-License-Identifier: Apache-2.0
// Overlapping tiles of a domain and the weights that fuse them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/window.hpp"

namespace hindscale {

/// How tiles become a field.
enum class Stitching {
  taper,    ///< fused at every sampling step, weights fall towards the rims
  uniform,  ///< fused at every sampling step, all tiles of a cell alike (CorrDiff)
  separate  ///< each tile is sampled alone from its own noise; the mean at the end (DPDM)
};

/// "taper", "uniform", "separate"; InputError for another name.
Stitching stitching_of(std::string_view name);

struct TilingOptions {
  std::size_t n_rows = 0;     ///< of a tile
  std::size_t n_columns = 0;  ///< of a tile
  std::size_t overlap = 0;    ///< least number of cells two neighbours share along an axis
  std::size_t crop = 0;       ///< cells at each rim that another tile covers and that are not used
  Stitching stitching = Stitching::taper;
  /// Tiles stand half a stride further, so that borders become insides. An open axis keeps its
  /// first and its last tile, and blends no more cells than before.
  bool shifted = false;
  bool alternate = false;  ///< some evaluations take the layout that is not this one: LayoutTurns
};

/// The tiles of a domain [n_rows, n_columns] with weights that sum to one in every cell. Starts are
/// spread evenly; for `separate` they follow each other at a fixed stride, the last one ends with
/// the domain, and none wraps. An axis no longer than the tile has one tile. Tapered weights are
/// products of linear ramps ((i + 0.5) / n over the n shared cells that are used, zero nowhere
/// else), without a ramp at an outer border, normalised by their sum.
class TileLayout {
 public:
  /// InputError: tile larger than the domain, overlap not smaller than the tile or less than twice
  /// the crop.
  TileLayout(std::size_t n_rows, std::size_t n_columns, bool periodic,
             const TilingOptions& options);

  [[nodiscard]] const std::vector<Window>& tiles() const { return tiles_; }
  [[nodiscard]] std::size_t n_rows() const { return n_rows_; }
  [[nodiscard]] std::size_t n_columns() const { return n_columns_; }
  /// The weight of a cell of a tile is the product of its row's and its column's.
  [[nodiscard]] std::span<const double> row_weights(std::size_t i_tile) const {
    return rows_.weights[i_tile / columns_.starts.size()];
  }
  [[nodiscard]] std::span<const double> column_weights(std::size_t i_tile) const {
    return columns_.weights[i_tile % columns_.starts.size()];
  }
  /// Rows (columns) that lie just behind an edge where a tile begins or ceases to count; 0 is the
  /// edge between the last column and the first of a periodic domain.
  [[nodiscard]] const std::vector<std::size_t>& row_borders() const { return rows_.borders; }
  [[nodiscard]] const std::vector<std::size_t>& column_borders() const { return columns_.borders; }

 private:
  struct Axis {
    std::vector<std::size_t> starts;
    std::vector<std::vector<double>> weights;
    std::vector<std::size_t> borders;
  };
  struct AxisPlan;
  static std::vector<std::size_t> starts_of(const AxisPlan& plan);
  static Axis axis_of(const AxisPlan& plan);

  std::size_t n_rows_, n_columns_;
  Axis rows_, columns_;
  std::vector<Window> tiles_;
};

/// Which evaluations of the network take the layout that is half a stride further: every second,
/// or every n-th where more tiles are needed there. On average no more than 1.15 times the tiles of
/// CorrDiff's layout are evaluated, ceil(n / (tile - overlap)) along an axis longer than the tile
/// (or, where that has fewer than the layout that stands, of the latter). With `shifted`, which
/// begins with the other layout, it may be more.
class LayoutTurns {
 public:
  /// As TileLayout.
  LayoutTurns(std::size_t n_rows, std::size_t n_columns, bool periodic, TilingOptions options);
  /// Whether evaluation `i`, counted from 0, takes the other layout.
  [[nodiscard]] bool takes_other(std::size_t i) const { return i % length_ == length_ - 1; }
  /// Of so many evaluations the last takes the other layout.
  [[nodiscard]] std::size_t length() const { return length_; }
  /// Tiles of the first `n` evaluations together.
  [[nodiscard]] std::size_t n_tiles(std::size_t n) const {
    return (n - n / length_) * n_own_ + n / length_ * n_other_;
  }

 private:
  std::size_t n_own_, n_other_;
  std::size_t length_;
};

/// Consecutive rows of a domain.
struct Rows {
  std::size_t first = 0;
  std::size_t last = 0;  ///< behind the last one
  [[nodiscard]] std::size_t size() const { return last - first; }
};

/// The weighted sum of tiles over some rows of a domain, in 64-bit fixed point: exact, so that the
/// order, the chunks and the ranks in which tiles come cannot change it.
class TileSum {
 public:
  static constexpr double one = 17592186044416.0;  ///< 2^44: rounding is far below a float's near 1
  static constexpr float largest = 8192;  ///< sums of weighted values stay below 2^63 / one
  static constexpr const char* not_finite = "the network's output is not finite";

  /// `layout` must outlive it.
  TileSum(const TileLayout& layout, std::size_t n_channels, Rows rows);

  /// Adds the values [channel, n_rows, n_columns] of a tile whose rows are all held, to the
  /// channels from `first_channel`. DivergenceError for values that are not finite of `largest` or
  /// beyond.
  void add(std::size_t i_tile, std::size_t first_channel, View<const float, 3> values);

  /// [channel, row, x]; `value_of` turns an entry into its value.
  [[nodiscard]] View<const std::int64_t, 3> sums() const { return sums_.view(); }
  static float value_of(std::int64_t sum);

 private:
  const TileLayout& layout_;
  Rows rows_;
  Array<std::int64_t, 3> sums_;
};

/// Fuses tile values [tile, channel, n_rows, n_columns] into field [channel, y, x].
void stitch(const TileLayout& layout, View<const float, 4> tiles, View<float, 3> field);

}  // namespace hindscale
