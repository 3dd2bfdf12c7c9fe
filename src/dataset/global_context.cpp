// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/global_context.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "hindscale/grid/remap.hpp"

namespace hindscale {
namespace {

/// Target cell j of m covers [j n, (j + 1) n] of an axis of n m parts, source cell i of n covers
/// [i m, (i + 1) m]: whole numbers, so that shares are exact but for one division.
AxisWeights mean_weights(std::int64_t n, std::int64_t m) {
  AxisWeights weights;
  for (std::int64_t j = 0; j < m; ++j) {
    auto& row = weights.rows.emplace_back();
    for (std::int64_t i = j * n / m; i < n && i * m < (j + 1) * n; ++i) {
      const std::int64_t shared = std::min((i + 1) * m, (j + 1) * n) - std::max(i * m, j * n);
      row.push_back(
          {static_cast<std::size_t>(i), static_cast<double>(shared) / static_cast<double>(n)});
    }
  }
  return weights;
}

/// The centre of target cell j lies at (j + 1/2) n / m - 1/2 in source cells.
AxisWeights interpolation_weights(std::int64_t n, std::int64_t m) {
  AxisWeights weights;
  for (std::int64_t j = 0; j < m; ++j) {
    const std::int64_t place =
        std::clamp<std::int64_t>((2 * j + 1) * n - m, 0, 2 * m * (n - 1));  // in parts of 2 m
    const std::int64_t below = place / (2 * m);
    const double above = static_cast<double>(place % (2 * m)) / static_cast<double>(2 * m);
    auto& row = weights.rows.emplace_back();
    row.push_back({static_cast<std::size_t>(below), 1 - above});
    if (above > 0) row.push_back({static_cast<std::size_t>(below + 1), above});
  }
  return weights;
}

AxisWeights axis_weights(std::size_t n, std::size_t m) {
  const auto source = static_cast<std::int64_t>(n), target = static_cast<std::int64_t>(m);
  return m < n ? mean_weights(source, target) : interpolation_weights(source, target);
}

}  // namespace

void resize(View<const float, 2> image, View<float, 2> resized) {
  const AxisWeights rows = axis_weights(image.extent(0), resized.extent(0));
  const AxisWeights columns = axis_weights(image.extent(1), resized.extent(1));
  for (std::size_t y = 0; y < resized.extent(0); ++y) {
    for (std::size_t x = 0; x < resized.extent(1); ++x) {
      double sum = 0;
      for (const auto& row : rows.rows[y]) {
        for (const auto& column : columns.rows[x])
          sum += row.weight * column.weight * static_cast<double>(image(row.source, column.source));
      }
      resized(y, x) = static_cast<float>(sum);
    }
  }
}

View<const float, 3> GlobalContext::resized(std::size_t n_rows, std::size_t n_columns) const {
  const Shape<3> shape{n_channels(), n_rows, n_columns};
  if (resized_.shape() != shape) {
    resized_ = Array<float, 3>(shape);
    for (std::size_t c = 0; c < shape[0]; ++c) resize(coarse_[c], resized_[c]);
  }
  return std::as_const(resized_).view();
}

}  // namespace hindscale
