// SPDX-License-Identifier: Apache-2.0
// The ridge regressions of the fine cells that belong to one row of coarse cells.
#pragma once

#include <optional>
#include <vector>

#include "hindscale/dataset/baselines.hpp"
#include "hindscale/grid/remap.hpp"
#include "ridge_system.hpp"

namespace hindscale {

/// All coarse fields [t, v, cy, cx] and the cells of the fine grid that belong to each coarse cell.
struct RidgeData {
  const StoreContent& content;
  Array<float, 4> coarse;
  std::vector<std::size_t> home_row;     ///< of each fine row
  std::vector<std::size_t> home_column;  ///< of each fine column
  BilinearRemap lerp;
  Array<double, 2> area;  ///< fine [y, x]
};

/// A year that a fit leaves out, or none.
using LeftOut = std::optional<int>;

/// What a fit on all training months leaves behind, besides its estimates.
struct RidgeRowFit {
  std::vector<float> coefficients;  ///< [rows, v, x, k]
  std::vector<float> lerp_bias;     ///< [12, v, rows, x]
};

/// Loads what one coarse row needs and fits it. Fine rows [first, first + n_rows) belong to the
/// coarse row.
class RidgeRow {
 public:
  RidgeRow(const RidgeData& data, const StoreWriter& writer, std::size_t coarse_row);

  [[nodiscard]] std::size_t first() const { return first_; }
  [[nodiscard]] std::size_t n_rows() const { return n_rows_; }

  /// Fits on the training months but those of the year left out; estimates every month given:
  /// [month][v, rows, x]. `kept`, where not null, receives the fit.
  std::vector<std::vector<float>> estimate(const RegressionFit& choice, LeftOut left_out,
                                           const std::vector<std::size_t>& months,
                                           RidgeRowFit* kept) const;

  /// For each candidate the area-weighted squared error [v] over the validation months, fitted on
  /// all training months. Quickest where neighbours in the list differ in penalty and decay only.
  [[nodiscard]] std::vector<std::vector<double>> validation_errors(
      const std::vector<RegressionFit>& candidates) const;

  [[nodiscard]] const std::vector<float>& truth(std::size_t i_month) const {
    return truth_[i_month];
  }

 private:
  struct Means;
  struct Fit;
  [[nodiscard]] Means means(LeftOut left_out, int harmonics) const;
  [[nodiscard]] std::vector<RidgeSystem> systems(const Means& means, int window) const;
  [[nodiscard]] std::vector<double> predictors(const Means& means, std::size_t i_month,
                                               const std::vector<std::size_t>& cells) const;
  void subtract(const Fit& fit, std::size_t i_month, std::vector<float>& estimate) const;
  void add_errors(const Fit& fit, std::vector<double>& errors) const;
  void keep(const Fit& fit, RidgeRowFit& kept) const;

  const RidgeData& data_;
  std::size_t coarse_row_;
  std::size_t first_ = 0;
  std::size_t n_rows_ = 0;
  std::vector<std::vector<std::size_t>> columns_;  ///< fine columns of each coarse column
  std::vector<std::vector<float>> truth_;          ///< [month][v, rows, x]
  std::vector<std::vector<float>> lerp_;           ///< likewise
};

}  // namespace hindscale
