// SPDX-License-Identifier: Apache-2.0
// Layout of tiles and their weights.
#include "hindscale/tiling/tiling.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hindscale {

struct TileLayout::AxisPlan {
  const char* name;
  std::size_t n = 0;  ///< cells of the domain
  std::size_t tile = 0;
  bool periodic = false;
  TilingOptions options;

  /// Whether a tile follows tile `i`: none behind the last tile of an open axis.
  [[nodiscard]] bool has_next(const std::vector<std::size_t>& starts, std::size_t i) const {
    return starts.size() > 1 && (periodic || i + 1 < starts.size());
  }
  /// Cells that tile `i` shares with the next one.
  [[nodiscard]] std::size_t shared_with_next(const std::vector<std::size_t>& starts,
                                             std::size_t i) const {
    return tile - (starts[(i + 1) % starts.size()] + n - starts[i]) % n;
  }
};

namespace {

using Starts = std::vector<std::size_t>;

void refuse(std::string problem, std::size_t value, std::string why, std::string key) {
  throw InputError({.problem = std::move(problem),
                    .value = std::to_string(value),
                    .why = std::move(why),
                    .key = std::move(key)});
}

/// Tiles at equal distances; on a circle the steps add up to the whole axis, else to what the last
/// tile leaves.
Starts even_starts(std::size_t n, std::size_t tile, std::size_t overlap, bool periodic) {
  const std::size_t stride = tile - overlap, way = periodic ? n : n - tile;
  const std::size_t n_steps = (way + stride - 1) / stride;
  Starts starts;
  for (std::size_t i = 0; i < n_steps; ++i) starts.push_back(i * way / n_steps);
  if (!periodic) starts.push_back(way);
  return starts;
}

Starts packed_starts(std::size_t n, std::size_t tile, std::size_t overlap) {
  Starts starts;
  for (std::size_t start = 0; start + tile < n; start += tile - overlap) starts.push_back(start);
  starts.push_back(n - tile);
  return starts;
}

/// Half a stride further. An open axis keeps its first and last tile, so that it stays covered.
Starts half_a_stride_further(const Starts& starts, std::size_t n, bool periodic) {
  Starts moved;
  if (!periodic) moved.push_back(starts.front());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const bool is_last = i + 1 == starts.size();
    if (is_last && !periodic) break;
    const std::size_t next = is_last ? starts.front() + n : starts[i + 1];
    moved.push_back((starts[i] + (next - starts[i]) / 2) % n);
  }
  if (!periodic && starts.size() > 1) moved.push_back(starts.back());
  return moved;
}

/// The cells at one end of a tile: first those that do not count, then those that are blended.
struct Rim {
  std::size_t unused = 0;
  std::size_t blended = 0;
};

double weight_in(const Rim& rim, std::size_t cells_from_border, Stitching stitching) {
  if (cells_from_border < rim.unused) return 0;
  const std::size_t i = cells_from_border - rim.unused;
  if (i >= rim.blended || stitching != Stitching::taper) return 1;
  return (static_cast<double>(i) + 0.5) / static_cast<double>(rim.blended);
}

/// The rims of two neighbours: that of the earlier one's end, that of the later one's start. They
/// blend the same cells.
struct RimPair {
  Rim end;
  Rim start;
};

RimPair rims_of(std::size_t shared, std::size_t crop, std::size_t most_blended) {
  const std::size_t blended = std::min(shared - 2 * crop, most_blended);
  const std::size_t unused = shared - blended, at_start = unused / 2;
  return {{unused - at_start, blended}, {at_start, blended}};
}

void require_valid(const char* name, std::size_t n, std::size_t tile,
                   const TilingOptions& options) {
  if (tile == 0 || tile > n)
    refuse(fmt::format("tile of this number of {} does not fit", name), tile,
           fmt::format("the domain has {}", n), "tiling/size");
  if (tile < n && options.overlap >= tile)
    refuse("overlap not smaller than the tile", options.overlap,
           fmt::format("tiles have {} {}", tile, name), "tiling/overlap");
  if (tile < n && options.overlap < 2 * options.crop)
    refuse("tiles without their rims do not cover the domain", options.crop,
           fmt::format("they share {} {} only", options.overlap, name), "tiling/crop");
}

}  // namespace

std::vector<std::size_t> TileLayout::starts_of(const AxisPlan& plan) {
  if (plan.tile == plan.n) return {0};
  if (plan.options.stitching == Stitching::separate)
    return packed_starts(plan.n, plan.tile, plan.options.overlap);
  return even_starts(plan.n, plan.tile, plan.options.overlap, plan.periodic);
}

TileLayout::Axis TileLayout::axis_of(const AxisPlan& plan) {
  require_valid(plan.name, plan.n, plan.tile, plan.options);
  Axis axis{starts_of(plan), {}, {}};
  std::size_t most_blended = plan.tile;
  if (plan.options.shifted) {
    // Tiles that stand closer to each other than before blend no more cells than before.
    for (std::size_t i = 0; i < axis.starts.size() && plan.has_next(axis.starts, i); ++i)
      most_blended = std::min(most_blended, plan.shared_with_next(axis.starts, i));
    most_blended -= std::min(most_blended, 2 * plan.options.crop);
    axis.starts = half_a_stride_further(axis.starts, plan.n, plan.periodic);
  }
  const std::size_t n_tiles = axis.starts.size();
  std::vector<RimPair> rims(n_tiles);  // with the next tile
  for (std::size_t i = 0; i < n_tiles && plan.has_next(axis.starts, i); ++i)
    rims[i] = rims_of(plan.shared_with_next(axis.starts, i), plan.options.crop, most_blended);
  std::vector<double> sum(plan.n, 0.0);
  std::set<std::size_t> borders;
  for (std::size_t i = 0; i < n_tiles; ++i) {
    const Rim start = rims[(i + n_tiles - 1) % n_tiles].start, end = rims[i].end;
    auto& weights = axis.weights.emplace_back();
    for (std::size_t k = 0; k < plan.tile; ++k) {
      weights.push_back(weight_in(start, k, plan.options.stitching) *
                        weight_in(end, plan.tile - 1 - k, plan.options.stitching));
      sum[(axis.starts[i] + k) % plan.n] += weights.back();
    }
    borders.insert({(axis.starts[i] + start.unused) % plan.n,
                    (axis.starts[i] + plan.tile - end.unused) % plan.n});
  }
  if (!plan.periodic) borders.erase(0);  // the outer border
  axis.borders.assign(borders.begin(), borders.end());
  for (std::size_t i = 0; i < n_tiles; ++i) {
    for (std::size_t k = 0; k < plan.tile; ++k)
      axis.weights[i][k] /= sum[(axis.starts[i] + k) % plan.n];
  }
  return axis;
}

TileLayout::TileLayout(std::size_t n_rows, std::size_t n_columns, bool periodic,
                       const TilingOptions& options)
    : n_rows_(n_rows), n_columns_(n_columns) {
  const bool wraps = periodic && options.stitching != Stitching::separate;
  rows_ = axis_of({"rows", n_rows, options.n_rows, false, options});
  columns_ = axis_of({"columns", n_columns, options.n_columns, wraps, options});
  if (periodic && !wraps) columns_.borders.insert(columns_.borders.begin(), 0);
  for (const std::size_t row : rows_.starts) {
    for (const std::size_t column : columns_.starts)
      tiles_.push_back({row, column, options.n_rows, options.n_columns});
  }
}

namespace {

/// Of an axis in CorrDiff's layout, which pads the domain at its borders.
std::size_t padded_count(std::size_t n, std::size_t tile, std::size_t overlap) {
  return tile == n ? 1 : (n + tile - overlap - 1) / (tile - overlap);
}

}  // namespace

LayoutTurns::LayoutTurns(std::size_t n_rows, std::size_t n_columns, bool periodic,
                         TilingOptions options) {
  constexpr double most_tiles = 1.15;  // over CorrDiff's
  const auto count = [&](bool shifted) {
    options.shifted = shifted;
    return TileLayout(n_rows, n_columns, periodic, options).tiles().size();
  };
  const bool own_is_shifted = options.shifted;
  const std::size_t standing = count(false), moved = count(true);
  n_own_ = own_is_shifted ? moved : standing;
  n_other_ = own_is_shifted ? standing : moved;
  const std::size_t padded = padded_count(n_rows, options.n_rows, options.overlap) *
                             padded_count(n_columns, options.n_columns, options.overlap);
  const double left_over =
      most_tiles * static_cast<double>(std::max(standing, padded)) - static_cast<double>(standing);
  const auto extra = static_cast<double>(moved) - static_cast<double>(standing);
  length_ = std::max<std::size_t>(2, static_cast<std::size_t>(std::ceil(extra / left_over)));
}

Stitching stitching_of(std::string_view name) {
  if (name == "taper") return Stitching::taper;
  if (name == "uniform") return Stitching::uniform;
  if (name == "separate") return Stitching::separate;
  throw InputError({.problem = "unknown way to stitch tiles",
                    .value = std::string(name),
                    .advice = "choose 'taper', 'uniform' or 'separate'",
                    .key = "tiling/stitching"});
}

}  // namespace hindscale
