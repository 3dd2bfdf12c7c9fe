// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/two_grid_waves.hpp"

#include <cmath>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

double sign_at(std::size_t i) {
  return i % 2 == 0 ? 1 : -1;
}

void waves_along_rows(View<const float, 2> field, View<float, 2> waves) {
  const double scale = 1 / std::sqrt(static_cast<double>(field.extent(1)));
  for (std::size_t row = 0; row < field.extent(0); ++row) {
    double sum = 0;
    for (std::size_t column = 0; column < field.extent(1); ++column)
      sum += sign_at(column) * static_cast<double>(field(row, column));
    for (std::size_t column = 0; column < field.extent(1); ++column)
      waves(row, column) = static_cast<float>(sign_at(column) * sum * scale);
  }
}

void waves_along_columns(View<const float, 2> field, View<float, 2> waves) {
  const double scale = 1 / std::sqrt(static_cast<double>(field.extent(0)));
  std::vector<double> sums(field.extent(1), 0.0);
  for (std::size_t row = 0; row < field.extent(0); ++row)
    for (std::size_t column = 0; column < field.extent(1); ++column)
      sums[column] += sign_at(row) * static_cast<double>(field(row, column));
  for (std::size_t row = 0; row < field.extent(0); ++row)
    for (std::size_t column = 0; column < field.extent(1); ++column)
      waves(row, column) = static_cast<float>(sign_at(row) * sums[column] * scale);
}

}  // namespace

void two_grid_waves(View<const float, 3> fields, View<float, 3> waves) {
  const std::size_t n = fields.extent(0);
  HINDSCALE_ASSERT(waves.extent(0) == 2 * n && waves.extent(1) == fields.extent(1) &&
                   waves.extent(2) == fields.extent(2));
  for (std::size_t i = 0; i < n; ++i) {
    waves_along_rows(fields[i], waves[i]);
    waves_along_columns(fields[i], waves[n + i]);
  }
}

}  // namespace hindscale
