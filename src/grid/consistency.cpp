// SPDX-License-Identifier: Apache-2.0
// The orthogonal projection of a fine field onto the fields with given coarse means.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "axis_weights.hpp"
#include "hindscale/grid/remap.hpp"

namespace hindscale {
namespace {

using Matrix = Array<double, 2>;

/// C W^-1 C^T of one axis, [coarse, coarse].
Matrix gram_matrix(const AxisWeights& coarsen, const std::vector<double>& weight) {
  const std::size_t n = coarsen.rows.size();
  std::vector<std::vector<std::pair<std::size_t, double>>> coarse_of_fine(weight.size());
  for (std::size_t j = 0; j < n; ++j) {
    for (const auto& entry : coarsen.rows[j])
      coarse_of_fine[entry.source].emplace_back(j, entry.weight);
  }
  Matrix gram({n, n});
  for (std::size_t i = 0; i < weight.size(); ++i) {
    for (const auto& [j, share_j] : coarse_of_fine[i]) {
      for (const auto& [k, share_k] : coarse_of_fine[i])
        gram(j, k) += share_j * share_k / weight[i];
    }
  }
  return gram;
}

/// Lower Cholesky factor in place. InputError where coarse cells share all their fine cells.
void factorise(Matrix& matrix) {
  constexpr double singular = 1e-10;
  const std::size_t n = matrix.extent(0);
  for (std::size_t j = 0; j < n; ++j) {
    const double diagonal = matrix(j, j);
    for (std::size_t k = 0; k < j; ++k) matrix(j, j) -= matrix(j, k) * matrix(j, k);
    if (!(matrix(j, j) > singular * diagonal)) {
      throw InputError({.problem = "the coarse field cannot be imposed on the fine one",
                        .why = "some coarse cells see the same fine cells",
                        .advice = "choose a coarse grid with fewer cells than the fine one"});
    }
    matrix(j, j) = std::sqrt(matrix(j, j));
    for (std::size_t i = j + 1; i < n; ++i) {
      for (std::size_t k = 0; k < j; ++k) matrix(i, j) -= matrix(i, k) * matrix(j, k);
      matrix(i, j) /= matrix(j, j);
    }
  }
}

void solve(const Matrix& factor, std::vector<double>& x) {
  const std::size_t n = x.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= factor(i, k) * x[k];
    x[i] /= factor(i, i);
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) x[i] -= factor(k, i) * x[k];
    x[i] /= factor(i, i);
  }
}

/// W^-1 C^T (C W^-1 C^T)^-1 of one axis: for each fine index the coarse indices and weights. The
/// matrix falls off exponentially away from its diagonal; what cannot change a double's sum is left
/// out.
AxisWeights spread_weights(const AxisWeights& coarsen, const std::vector<double>& weight) {
  constexpr double negligible = 1e-15;
  Matrix factor = gram_matrix(coarsen, weight);
  factorise(factor);
  const std::size_t n_coarse = coarsen.rows.size();
  Matrix right({weight.size(), n_coarse});
  for (std::size_t j = 0; j < n_coarse; ++j) {
    for (const auto& entry : coarsen.rows[j])
      right(entry.source, j) = entry.weight / weight[entry.source];
  }
  AxisWeights spread;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    const auto row = right[i].flat();
    std::vector<double> solution(row.begin(), row.end());
    solve(factor, solution);
    auto& entries = spread.rows.emplace_back();
    for (std::size_t j = 0; j < n_coarse; ++j) {
      if (std::abs(solution[j]) > negligible) entries.push_back({j, solution[j]});
    }
  }
  return spread;
}

std::vector<double> heights_of(const Axis& latitude) {
  constexpr double radian = std::numbers::pi / 180.0;
  std::vector<double> heights;
  for (std::size_t i = 0; i < latitude.size(); ++i) {
    heights.push_back(std::sin(latitude.edge[i + 1] * radian) -
                      std::sin(latitude.edge[i] * radian));
  }
  return heights;
}

std::vector<double> widths_of(const Axis& longitude) {
  std::vector<double> widths;
  for (std::size_t i = 0; i < longitude.size(); ++i) {
    widths.push_back(longitude.edge[i + 1] - longitude.edge[i]);
  }
  return widths;
}

/// Weighted sums along each row, in double.
template <class T>
Matrix along_longitude(const AxisWeights& longitude, View<T, 2> source) {
  Matrix result({source.extent(0), longitude.rows.size()});
  Kokkos::parallel_for("along_longitude", detail::HostRange(0, source.extent(0)),
                       [&](const std::size_t y) {
                         for (std::size_t x = 0; x < longitude.rows.size(); ++x) {
                           double sum = 0;
                           for (const auto& entry : longitude.rows[x])
                             sum += entry.weight * source(y, entry.source);
                           result(y, x) = sum;
                         }
                       });
  return result;
}

/// Weighted sums along each column.
Matrix along_latitude(const AxisWeights& latitude, const Matrix& source) {
  Matrix result({latitude.rows.size(), source.extent(1)});
  Kokkos::parallel_for("along_latitude", detail::HostRange(0, latitude.rows.size()),
                       [&](const std::size_t y) {
                         for (const auto& entry : latitude.rows[y]) {
                           for (std::size_t x = 0; x < source.extent(1); ++x) {
                             result(y, x) += entry.weight * source(entry.source, x);
                           }
                         }
                       });
  return result;
}

}  // namespace

ConsistencyProjection::ConsistencyProjection(const Grid& fine, const Grid& coarse)
    : coarsen_(fine, coarse),
      heights_(heights_of(fine.latitude)),
      widths_(widths_of(fine.longitude)),
      latitude_(spread_weights(coarsen_.latitude(), heights_)),
      longitude_(spread_weights(coarsen_.longitude(), widths_)) {}

void ConsistencyProjection::apply(View<const float, 2> coarse, View<float, 2> fine) const {
  HINDSCALE_ASSERT(fine.extent(0) == latitude_.rows.size() &&
                   fine.extent(1) == longitude_.rows.size());
  HINDSCALE_ASSERT(coarse.extent(0) == coarsen_.latitude().rows.size());
  HINDSCALE_ASSERT(coarse.extent(1) == coarsen_.longitude().rows.size());
  Matrix residual =
      along_latitude(coarsen_.latitude(), along_longitude(coarsen_.longitude(), fine));
  for (std::size_t i = 0; i < residual.size(); ++i)
    residual.flat()[i] = coarse.flat()[i] - residual.flat()[i];
  const Matrix correction = along_latitude(latitude_, along_longitude(longitude_, residual.view()));
  for (std::size_t i = 0; i < correction.size(); ++i) {
    fine.flat()[i] = static_cast<float>(fine.flat()[i] + correction.flat()[i]);
  }
}

}  // namespace hindscale
