// SPDX-License-Identifier: Apache-2.0
// Correlation between two variables over the cells and months of a period, from partial sums of
// single months.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/metric/scores.hpp"

namespace hindscale {

/// A variable of one month and what its anomalies are taken to, both [y, x].
struct AnomalyField {
  View<const float, 2> value;
  View<const float, 2> climatology;
};

/// Area-weighted moments of two anomalies in one month. Only doubles.
struct MonthMoments {
  double weight = 0;
  double sum_a = 0;
  double sum_b = 0;
  double sum_aa = 0;
  double sum_bb = 0;
  double sum_ab = 0;
};

/// Cells of zero weight are left out; sums along columns, then rows, in double. Members of an
/// ensemble are months of their own: their moments go into the same list.
MonthMoments month_moments(const AnomalyField& a, const AnomalyField& b,
                           View<const double, 2> weight);

/// Months as one block of doubles and back.
std::vector<double> values_of(std::span<const MonthMoments> months);
std::vector<MonthMoments> moments_of(std::span<const double> values);

/// Centred correlation over all months given; undefined where a variance vanishes.
double correlation_of(std::span<const MonthMoments> months);
double correlation_of(std::span<const MonthMoments> months, std::span<const std::size_t> picks);

}  // namespace hindscale
