// SPDX-License-Identifier: Apache-2.0
#include "hindscale/grid/coarse_comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "axis_weights.hpp"

namespace hindscale {
namespace {

using Entries = std::vector<AxisWeights::Entry>;

/// The mean over the cells; NaN where there are none or one is missing.
double whole_mean(View<const float, 2> field, const Entries& rows, const Entries& columns) {
  if (rows.empty() || columns.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const auto& row : rows) {
    for (const auto& column : columns)
      sum += row.weight * column.weight * static_cast<double>(field(row.source, column.source));
  }
  return sum;
}

}  // namespace

void CoarseMisfit::add(const CoarseMisfit& other) {
  weight += other.weight;
  sum_squared += other.sum_squared;
  largest = std::max(largest, other.largest);
}

double CoarseMisfit::rms() const {
  return weight > 0 ? std::sqrt(sum_squared / weight) : std::numeric_limits<double>::quiet_NaN();
}

CoarseComparison::CoarseComparison(const Grid& fine, const Grid& coarse)
    : latitude_(detail::conservative_latitude(fine.latitude, coarse.latitude,
                                              detail::Uncovered::left_empty)),
      longitude_(detail::conservative_longitude(fine.longitude, coarse.longitude,
                                                detail::Uncovered::left_empty)),
      areas_(cell_areas(coarse)) {}

CoarseMisfit CoarseComparison::misfit(View<const float, 2> fine,
                                      View<const float, 2> coarse) const {
  HINDSCALE_ASSERT(coarse.shape() == areas_.shape());
  CoarseMisfit misfit;
  for (std::size_t y = 0; y < coarse.extent(0); ++y) {
    for (std::size_t x = 0; x < coarse.extent(1); ++x) {
      const double difference = whole_mean(fine, latitude_.rows[y], longitude_.rows[x]) -
                                static_cast<double>(coarse(y, x));
      if (std::isnan(difference)) continue;
      misfit.add({areas_(y, x), areas_(y, x) * difference * difference, std::abs(difference)});
    }
  }
  return misfit;
}

}  // namespace hindscale
