// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/refinement.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/world/climate.hpp"

namespace hindscale::world {
namespace {

/// Edges in the coordinate that area is proportional to.
std::vector<double> latitude_edges(const Axis& axis) {
  std::vector<double> edges = axis.edge;
  for (double& edge : edges) edge = std::sin(edge * degree);
  return edges;
}

/// Lengths of the `factor` intervals within each coarse one, relative to it.
std::vector<double> shares_of(const std::vector<double>& edges, std::size_t factor) {
  std::vector<double> shares(edges.size() - 1);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const std::size_t first = i / factor * factor;
    shares[i] = (edges[i + 1] - edges[i]) / (edges[first + factor] - edges[first]);
  }
  return shares;
}

/// Means over [from, to] of three parabolas on [0, 1]: what a value at the left edge, a value at
/// the right edge and the cell's mean each bring. q(s) = l + s (r - l + c (1 - s)), c = 6 (m - (l +
/// r) / 2).
struct ParabolaMeans {
  double left, right, mean;
  ParabolaMeans(double from, double to) {
    const auto average = [&](auto&& integral) {
      return (integral(to) - integral(from)) / (to - from);
    };
    const double bow = average([](double s) { return s * s / 2 - s * s * s / 3; });
    const double rise = average([](double s) { return s * s / 2; });
    left = 1 - rise - 3 * bow;
    right = rise - 3 * bow;
    mean = 6 * bow;
  }
};

AxisWeights smooth_weights(const std::vector<double>& fine_edges, std::size_t factor) {
  const std::size_t n_coarse = (fine_edges.size() - 1) / factor;
  AxisWeights weights;
  for (std::size_t i = 0; i + 1 < fine_edges.size(); ++i) {
    const std::size_t k = i / factor;
    const double start = fine_edges[k * factor], length = fine_edges[(k + 1) * factor] - start;
    const ParabolaMeans part((fine_edges[i] - start) / length,
                             (fine_edges[i + 1] - start) / length);
    const bool has_left = k > 0, has_right = k + 1 < n_coarse;
    std::vector<AxisWeights::Entry> row;
    if (has_left) row.push_back({k - 1, part.left / 2});
    row.push_back(
        {k, part.mean + part.left * (has_left ? 0.5 : 1) + part.right * (has_right ? 0.5 : 1)});
    if (has_right) row.push_back({k + 1, part.right / 2});
    weights.rows.push_back(std::move(row));
  }
  return weights;
}

}  // namespace

Refinement::Refinement(const Domain& domain) : factor_(domain.refinement) {
  const std::vector<double> rows = latitude_edges(domain.fine.latitude);
  const std::vector<double>& columns = domain.fine.longitude.edge;
  row_shares_ = shares_of(rows, factor_);
  column_shares_ = shares_of(columns, factor_);
  rows_ = smooth_weights(rows, factor_);
  columns_ = smooth_weights(columns, factor_);
}

void Refinement::coarsen(View<const double, 2> fine, View<double, 2> coarse) const {
  std::ranges::fill(coarse.flat(), 0.0);
  for (std::size_t y = 0; y < fine.extent(0); ++y)
    for (std::size_t x = 0; x < fine.extent(1); ++x)
      coarse(y / factor_, x / factor_) += share(y, x) * fine(y, x);
}

void Refinement::add_refined(const Field& coarse, View<double, 2> fine, double factor) const {
  for (std::size_t y = 0; y < fine.extent(0); ++y) {
    for (std::size_t x = 0; x < fine.extent(1); ++x) {
      double sum = 0;
      for (const auto& row : rows_.rows[y])
        for (const auto& column : columns_.rows[x])
          sum += row.weight * column.weight * coarse(row.source, column.source);
      fine(y, x) += factor * sum;
    }
  }
}

void Refinement::refine(View<const double, 2> coarse, View<double, 2> fine) const {
  Field copy(coarse.shape());
  std::ranges::copy(coarse.flat(), copy.data());
  std::ranges::fill(fine.flat(), 0.0);
  add_refined(copy, fine, 1);
}

void Refinement::constrain(View<const double, 2> coarse, View<double, 2> fine) const {
  Field misfit(coarse.shape());
  coarsen(fine, misfit);
  for (std::size_t i = 0; i < misfit.size(); ++i)
    misfit.flat()[i] = coarse.flat()[i] - misfit.flat()[i];
  add_refined(misfit, fine, 1);
}

void Refinement::remove_means(View<double, 2> fine) const {
  Field means({fine.extent(0) / factor_, fine.extent(1) / factor_});
  coarsen(fine, means);
  add_refined(means, fine, -1);
}

}  // namespace hindscale::world
