// SPDX-License-Identifier: Apache-2.0
// How far the means of a fine field over coarse cells are from a coarse field.
#pragma once

#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/grid/remap.hpp"

namespace hindscale {

/// Sums over coarse cells of (mean of the fine field - coarse value).
struct CoarseMisfit {
  double weight = 0;       ///< sum of the areas of the coarse cells, steradian
  double sum_squared = 0;  ///< weighted by area
  double largest = 0;      ///< in absolute value

  void add(const CoarseMisfit& other);
  /// Root of the weighted mean square; NaN without a cell.
  [[nodiscard]] double rms() const;
};

/// Compares fields on a fine grid with fields on a coarse one, which may reach beyond it: only
/// coarse cells that fine cells cover wholly count. First-order conservative, in double.
class CoarseComparison {
 public:
  CoarseComparison(const Grid& fine, const Grid& coarse);
  /// Of fine [y, x] from coarse [cy, cx]. Coarse cells with a missing fine or coarse value (NaN)
  /// are left out.
  [[nodiscard]] CoarseMisfit misfit(View<const float, 2> fine, View<const float, 2> coarse) const;

 private:
  AxisWeights latitude_;   ///< shares of each coarse row; none where it is not covered
  AxisWeights longitude_;  ///< likewise of columns
  Array<double, 2> areas_;
};

}  // namespace hindscale
