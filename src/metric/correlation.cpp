// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/correlation.hpp"

#include <cmath>
#include <numeric>

#include "map_rows.hpp"

namespace hindscale {
namespace {

void add(const MonthMoments& part, MonthMoments& total) {
  total.weight += part.weight;
  total.sum_a += part.sum_a;
  total.sum_b += part.sum_b;
  total.sum_aa += part.sum_aa;
  total.sum_bb += part.sum_bb;
  total.sum_ab += part.sum_ab;
}

}  // namespace

MonthMoments month_moments(const AnomalyField& a, const AnomalyField& b,
                           View<const double, 2> weight) {
  for (const AnomalyField* field : {&a, &b}) {
    HINDSCALE_ASSERT(field->value.shape() == weight.shape());
    HINDSCALE_ASSERT(field->climatology.shape() == weight.shape());
  }
  const auto rows = map_rows(weight.extent(0), [&](std::size_t y) {
    MonthMoments row;
    for (std::size_t x = 0; x < weight.extent(1); ++x) {
      const double w = weight(y, x);
      if (w == 0) continue;
      const double anomaly_a = static_cast<double>(a.value(y, x)) - a.climatology(y, x);
      const double anomaly_b = static_cast<double>(b.value(y, x)) - b.climatology(y, x);
      add({w, w * anomaly_a, w * anomaly_b, w * anomaly_a * anomaly_a, w * anomaly_b * anomaly_b,
           w * anomaly_a * anomaly_b},
          row);
    }
    return row;
  });
  MonthMoments month;
  for (const MonthMoments& row : rows) add(row, month);
  HINDSCALE_ASSERT(std::isfinite(month.sum_aa) && std::isfinite(month.sum_bb));
  return month;
}

std::vector<double> values_of(std::span<const MonthMoments> months) {
  std::vector<double> values;
  for (const MonthMoments& m : months) {
    values.insert(values.end(), {m.weight, m.sum_a, m.sum_b, m.sum_aa, m.sum_bb, m.sum_ab});
  }
  return values;
}

std::vector<MonthMoments> moments_of(std::span<const double> values) {
  constexpr std::size_t n_sums = 6;
  HINDSCALE_ASSERT(values.size() % n_sums == 0);
  std::vector<MonthMoments> months;
  for (std::size_t i = 0; i < values.size(); i += n_sums) {
    const auto v = values.subspan(i, n_sums);
    months.push_back({v[0], v[1], v[2], v[3], v[4], v[5]});
  }
  return months;
}

double correlation_of(std::span<const MonthMoments> months) {
  std::vector<std::size_t> all(months.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return correlation_of(months, all);
}

double correlation_of(std::span<const MonthMoments> months, std::span<const std::size_t> picks) {
  MonthMoments total;
  for (const std::size_t i : picks) add(months[i], total);
  if (!(total.weight > 0)) return undefined;
  const double mean_a = total.sum_a / total.weight;
  const double mean_b = total.sum_b / total.weight;
  const double variance_a = total.sum_aa / total.weight - mean_a * mean_a;
  const double variance_b = total.sum_bb / total.weight - mean_b * mean_b;
  if (!(variance_a > 0) || !(variance_b > 0)) return undefined;
  const double covariance = total.sum_ab / total.weight - mean_a * mean_b;
  return covariance / std::sqrt(variance_a * variance_b);
}

}  // namespace hindscale
