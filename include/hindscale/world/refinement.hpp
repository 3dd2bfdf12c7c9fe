// SPDX-License-Identifier: Apache-2.0
// From coarse cells to fine ones without seams, and back, in double.
#pragma once

#include <vector>

#include "hindscale/grid/remap.hpp"
#include "hindscale/world/domain.hpp"

namespace hindscale::world {

/// C, the area means over coarse cells (the weights of ConservativeRemap), and H, a continuous
/// field with given means over coarse cells: C H c = c. H is the product of two axes; on each it is
/// a parabola in every coarse cell (in sin(latitude) and in longitude) that has the cell's mean and
/// takes at an edge the mean of the two cells beside it, or at the border of the domain the cell's
/// own value. So a fine value depends on the 3 x 3 coarse cells about it.
class Refinement {
 public:
  explicit Refinement(const Domain& domain);

  /// C: fine [y, x] -> coarse [cy, cx].
  void coarsen(View<const double, 2> fine, View<double, 2> coarse) const;
  /// H: coarse [cy, cx] -> fine [y, x].
  void refine(View<const double, 2> coarse, View<double, 2> fine) const;
  /// fine + H (coarse - C fine): the means become `coarse`.
  void constrain(View<const double, 2> coarse, View<double, 2> fine) const;
  /// fine - H C fine: the means become zero.
  void remove_means(View<double, 2> fine) const;

  /// Share of fine cell (y, x) in the area of its coarse cell.
  [[nodiscard]] double share(std::size_t y, std::size_t x) const {
    return row_shares_[y] * column_shares_[x];
  }
  /// H as weights of coarse rows (columns) for each fine row (column).
  [[nodiscard]] const AxisWeights& rows() const { return rows_; }
  [[nodiscard]] const AxisWeights& columns() const { return columns_; }
  [[nodiscard]] std::size_t factor() const { return factor_; }

 private:
  void add_refined(const Field& coarse, View<double, 2> fine, double factor) const;
  std::size_t factor_;
  std::vector<double> row_shares_, column_shares_;
  AxisWeights rows_, columns_;
};

}  // namespace hindscale::world
