// SPDX-License-Identifier: Apache-2.0
// Separable remapping between latitude-longitude grids.
#pragma once

#include <cstddef>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"

namespace hindscale {

/// One axis of a remapping: for each target index the source indices and weights, in increasing
/// source order.
struct AxisWeights {
  struct Entry {
    std::size_t source = 0;
    double weight = 0;
  };
  std::vector<std::vector<Entry>> rows;
};

/// First-order conservative remapping: each target cell is the area mean of the source cells it
/// overlaps, areas on the sphere. Missing source cells (NaN) are left out and the rest renormalised
/// (by covered, valid area); a target cell with no valid source is NaN. Agrees with `cdo remapcon`
/// (fracarea). Target cells must lie within the source domain (InputError "does not cover").
class ConservativeRemap {
 public:
  ConservativeRemap(const Grid& source, const Grid& target);
  /// source [y, x] -> target [y, x]. Sums are double, in a fixed order.
  void apply(View<const float, 2> source, View<float, 2> target) const;
  [[nodiscard]] const AxisWeights& latitude() const { return latitude_; }
  [[nodiscard]] const AxisWeights& longitude() const { return longitude_; }

 private:
  AxisWeights latitude_;   ///< shares of each target row in sin(latitude), summing to one
  AxisWeights longitude_;  ///< shares of each target column, summing to one
};

/// Bilinear interpolation between cell centres ("Lerp"), wrapping in longitude where the source is
/// periodic and holding the outermost row (and, not periodic, column) beyond the outermost centres.
/// Missing sources (NaN) are left out and the weights renormalised; NaN where all are missing.
class BilinearRemap {
 public:
  BilinearRemap(const Grid& source, const Grid& target);
  void apply(View<const float, 2> source, View<float, 2> target) const;

 private:
  AxisWeights latitude_;
  AxisWeights longitude_;
};

/// The smallest correction, in the area-weighted norm, that makes a fine field agree with its
/// coarse field: x' = x + W^-1 C^T (C W^-1 C^T)^-1 (c - C x), C the conservative remapping, W the
/// fine cell areas. Separable: one matrix an axis. For fields without missing values only.
/// InputError where the coarse cells reach beyond the fine domain or are too many to be told apart
/// on the fine grid.
class ConsistencyProjection {
 public:
  ConsistencyProjection(const Grid& fine, const Grid& coarse);
  /// Corrects `fine` [y, x] in place so that its coarse means are `coarse` [y, x].
  void apply(View<const float, 2> coarse, View<float, 2> fine) const;
  /// The smallest correction among those that leave no value below `limit`: x' = max(limit, x +
  /// W^-1 C^T lambda), lambda found one coarse cell after the other (Hildreth 1957), which is exact
  /// at once where no fine cell belongs to two coarse cells, and is repeated until the means hold
  /// elsewhere. A field that agrees already to the rounding of floats, and keeps the limit, stays
  /// as it is. Where a coarse value lies below the limit, the limit holds and the mean does not.
  /// Returns the largest difference of a mean from its coarse value that is left; NaN, and the
  /// field untouched, where a value is not finite.
  double apply_above(float limit, View<const float, 2> coarse, View<float, 2> fine) const;

 private:
  class AboveLimit;
  ConservativeRemap coarsen_;
  std::vector<double> heights_;  ///< of the fine rows in sin(latitude)
  std::vector<double> widths_;   ///< of the fine columns in degrees
  AxisWeights latitude_;         ///< for each fine row the coarse rows whose misfit corrects it
  AxisWeights longitude_;        ///< likewise for columns
};

}  // namespace hindscale
