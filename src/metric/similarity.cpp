// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/similarity.hpp"

#include <array>
#include <cmath>
#include <numeric>

#include "map_rows.hpp"

namespace hindscale {
namespace {

// Wang, Bovik, Sheikh and Simoncelli 2004, section III.B and III.C.
constexpr std::size_t window = 11;
constexpr std::size_t half_window = window / 2;
constexpr double sigma = 1.5;
constexpr double k_1 = 0.01;
constexpr double k_2 = 0.03;

using Kernel = std::array<double, window>;

Kernel gaussian_kernel() {
  Kernel kernel{};
  for (std::size_t i = 0; i < window; ++i) {
    const double distance = (static_cast<double>(i) - static_cast<double>(half_window)) / sigma;
    kernel[i] = std::exp(-0.5 * distance * distance);
  }
  const double sum = std::accumulate(kernel.begin(), kernel.end(), 0.0);
  for (double& value : kernel) value /= sum;
  return kernel;
}

/// Weighted first and second moments of truth and forecast.
struct Moments {
  double truth = 0;
  double forecast = 0;
  double truth_squared = 0;
  double forecast_squared = 0;
  double product = 0;
  bool complete = true;

  void add(double weight, const Moments& m) {
    truth += weight * m.truth;
    forecast += weight * m.forecast;
    truth_squared += weight * m.truth_squared;
    forecast_squared += weight * m.forecast_squared;
    product += weight * m.product;
    complete = complete && m.complete;
  }
};

struct Similarity {
  View<const float, 2> truth;
  View<const float, 2> forecast;
  View<const double, 2> weight;
  Kernel kernel{};
  double c_1 = 0;
  double c_2 = 0;

  /// Moments over the 11 rows around row y, column by column.
  [[nodiscard]] std::vector<Moments> column_moments(std::size_t y) const {
    std::vector<Moments> columns(truth.extent(1));
    for (std::size_t i = 0; i < window; ++i) {
      const std::size_t row = y + i - half_window;
      for (std::size_t x = 0; x < columns.size(); ++x) {
        if (weight(row, x) == 0) {
          columns[x].complete = false;
          continue;
        }
        const double t = truth(row, x);
        const double f = forecast(row, x);
        columns[x].add(kernel[i], {t, f, t * t, f * f, t * f});
      }
    }
    return columns;
  }

  [[nodiscard]] double index_of(const Moments& m) const {
    const double means = m.truth * m.forecast;
    const double mean_squares = m.truth * m.truth + m.forecast * m.forecast;
    const double covariance = m.product - means;
    const double variances = m.truth_squared + m.forecast_squared - mean_squares;
    return (2 * means + c_1) * (2 * covariance + c_2) / ((mean_squares + c_1) * (variances + c_2));
  }
};

struct RowMean {
  double weight = 0;
  double sum = 0;
};

RowMean row_mean(const Similarity& fields, std::size_t y, Columns kind) {
  const std::vector<Moments> columns = fields.column_moments(y);
  const std::size_t n = columns.size();
  const std::size_t margin = kind == Columns::periodic ? 0 : half_window;
  RowMean row;
  for (std::size_t x = margin; x < n - margin; ++x) {
    Moments around;
    for (std::size_t i = 0; i < window; ++i) {
      around.add(fields.kernel[i], columns[(x + n + i - half_window) % n]);
    }
    if (!around.complete) continue;
    row.weight += fields.weight(y, x);
    row.sum += fields.weight(y, x) * fields.index_of(around);
  }
  return row;
}

}  // namespace

double structural_similarity(View<const float, 2> truth, View<const float, 2> forecast,
                             View<const double, 2> weight, const ScoreOptions& options) {
  HINDSCALE_ASSERT(forecast.shape() == truth.shape() && weight.shape() == truth.shape());
  if (!(options.range > 0) || truth.extent(0) < window || truth.extent(1) < window)
    return undefined;
  const double c_1 = std::pow(k_1 * options.range, 2);
  const double c_2 = std::pow(k_2 * options.range, 2);
  const Similarity fields{truth, forecast, weight, gaussian_kernel(), c_1, c_2};
  const auto rows = map_rows(truth.extent(0) - 2 * half_window, [&](std::size_t i_row) {
    return row_mean(fields, i_row + half_window, options.columns);
  });
  RowMean total;
  for (const RowMean& row : rows) {
    total.weight += row.weight;
    total.sum += row.sum;
  }
  return total.weight > 0 ? total.sum / total.weight : undefined;
}

}  // namespace hindscale
