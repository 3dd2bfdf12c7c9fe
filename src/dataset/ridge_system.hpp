// SPDX-License-Identifier: Apache-2.0
// The small dense systems of the ridge regression.
#pragma once

#include <cstddef>
#include <vector>

namespace hindscale {

/// Normal equations of predictors x [k] and responses y [m], summed sample by sample.
class RidgeSystem {
 public:
  RidgeSystem(std::size_t n_predictors, std::size_t n_responses);
  void add(const std::vector<double>& x, const std::vector<double>& y);
  /// Coefficients [k, m] of (X'X + penalty * trace(X'X) / k * I) B = X'Y, by Cholesky.
  [[nodiscard]] std::vector<double> solve(double penalty) const;
  /// Those of X W, with W the diagonal of `weights` [k], times W: predictors of little weight keep
  /// small coefficients.
  [[nodiscard]] std::vector<double> solve(double penalty, const std::vector<double>& weights) const;

 private:
  [[nodiscard]] RidgeSystem weighted(const std::vector<double>& weights) const;
  std::size_t k_;
  std::size_t m_;
  std::vector<double> gram_;   ///< [k, k], lower triangle
  std::vector<double> cross_;  ///< [k, m]
};

}  // namespace hindscale
