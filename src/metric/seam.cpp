// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/seam.hpp"

#include <cmath>

namespace hindscale {
namespace {

double square_of(float a, float b) {
  const double difference = static_cast<double>(a) - static_cast<double>(b);
  return std::isfinite(difference) ? difference * difference : 0.0;
}

/// Whether each of n rows (columns) is within reach of an edge; the first and the last are
/// neighbours only where an edge lies between them.
std::vector<bool> near(const std::vector<std::size_t>& edges, std::size_t n, std::size_t reach) {
  std::vector<bool> is_near(n, false);
  for (const std::size_t edge : edges) {
    for (std::size_t i = 0; i < reach; ++i) {
      const std::size_t before = edge + n - 1 - i;  // wraps behind the edge of column 0 alone
      if (edge == 0 || edge > i) is_near[before % n] = true;
      if (edge + i < n) is_near[edge + i] = true;
    }
  }
  return is_near;
}

double variance_of(View<const float, 3> fields, std::size_t y, std::size_t x) {
  const std::size_t n = fields.extent(0);
  double sum = 0, squares = 0;
  for (std::size_t m = 0; m < n; ++m) sum += static_cast<double>(fields(m, y, x));
  const double mean = sum / static_cast<double>(n);
  for (std::size_t m = 0; m < n; ++m) {
    const double left = static_cast<double>(fields(m, y, x)) - mean;
    squares += left * left;
  }
  return squares / static_cast<double>(n - 1);
}

}  // namespace

double squared_steps(View<const float, 2> field, const GridEdges& edges) {
  const std::size_t n_rows = field.extent(0), n_columns = field.extent(1);
  double sum = 0;
  for (const std::size_t y : edges.rows) {
    for (std::size_t x = 0; x < n_columns; ++x) sum += square_of(field(y, x), field(y - 1, x));
  }
  for (const std::size_t x : edges.columns) {
    const std::size_t before = (x + n_columns - 1) % n_columns;
    for (std::size_t y = 0; y < n_rows; ++y) sum += square_of(field(y, x), field(y, before));
  }
  return sum;
}

double variance_near(View<const float, 3> fields, const GridEdges& edges, std::size_t reach) {
  HINDSCALE_ASSERT(fields.extent(0) >= 2);
  const auto rows = near(edges.rows, fields.extent(1), reach),
             columns = near(edges.columns, fields.extent(2), reach);
  double sum = 0;
  for (std::size_t y = 0; y < rows.size(); ++y) {
    for (std::size_t x = 0; x < columns.size(); ++x) {
      if (!rows[y] && !columns[x]) continue;
      const double variance = variance_of(fields, y, x);
      if (std::isfinite(variance)) sum += variance;
    }
  }
  return sum;
}

}  // namespace hindscale
