// SPDX-License-Identifier: Apache-2.0
// Weights of one axis of a remapping and their application (private to the module).
#pragma once

#include <Kokkos_Core.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/remap.hpp"

namespace hindscale::detail {

/// What becomes of target intervals that the source does not cover.
enum class Uncovered { refused, left_empty };

/// Shares of each target interval that source intervals cover; they sum to one. Latitudes count as
/// sin(latitude). InputError where a target interval is not covered and that is refused.
AxisWeights conservative_latitude(const Axis& source, const Axis& target,
                                  Uncovered uncovered = Uncovered::refused);
/// Likewise in degrees, modulo 360.
AxisWeights conservative_longitude(const Axis& source, const Axis& target,
                                   Uncovered uncovered = Uncovered::refused);

/// Linear interpolation between centres, held beyond the outermost ones.
AxisWeights linear_latitude(const Axis& source, const Axis& target);
AxisWeights linear_longitude(const Axis& source, const Axis& target, bool periodic);

using HostRange = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace>;

/// The weighted mean of the valid source cells; NaN where there are none.
inline double mean_of_valid(View<const float, 2> source,
                            const std::vector<AxisWeights::Entry>& rows,
                            const std::vector<AxisWeights::Entry>& columns) {
  double sum = 0;
  double weight_sum = 0;
  for (const auto& row : rows) {
    const float* values = &source(row.source, 0);
    for (const auto& column : columns) {
      const double value = values[column.source];
      if (std::isnan(value)) continue;
      const double weight = row.weight * column.weight;
      sum += weight * value;
      weight_sum += weight;
    }
  }
  return weight_sum > 0 ? sum / weight_sum : std::numeric_limits<double>::quiet_NaN();
}

/// source [y, x] -> target [y, x], cell by cell.
inline void apply_weights(const AxisWeights& latitude, const AxisWeights& longitude,
                          View<const float, 2> source, View<float, 2> target) {
  HINDSCALE_ASSERT(target.extent(0) == latitude.rows.size());
  HINDSCALE_ASSERT(target.extent(1) == longitude.rows.size());
  Kokkos::parallel_for("remap", HostRange(0, target.extent(0)), [&](const std::size_t y) {
    for (std::size_t x = 0; x < target.extent(1); ++x) {
      target(y, x) = static_cast<float>(mean_of_valid(source, latitude.rows[y], longitude.rows[x]));
    }
  });
}

}  // namespace hindscale::detail
