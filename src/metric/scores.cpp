// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hindscale/metric/similarity.hpp"
#include "map_rows.hpp"

namespace hindscale {
namespace {

/// DPDM's PSNR takes 255, not its square, as the peak power of fields scaled to [0, 1].
constexpr double own_range_peak = 255;

struct ErrorSums {
  double weight = 0;
  double error = 0;
  double absolute = 0;
  double squared = 0;
  double truth_anomaly = 0;
  double forecast_anomaly = 0;
  bool finite = true;

  void add(const ErrorSums& row) {
    weight += row.weight;
    error += row.error;
    absolute += row.absolute;
    squared += row.squared;
    truth_anomaly += row.truth_anomaly;
    forecast_anomaly += row.forecast_anomaly;
    finite = finite && row.finite;
  }
};

ErrorSums error_sums(const MonthFields& fields) {
  const std::size_t n_columns = fields.truth.extent(1);
  const auto rows = map_rows(fields.truth.extent(0), [&](std::size_t y) {
    ErrorSums row;
    for (std::size_t x = 0; x < n_columns; ++x) {
      const double weight = fields.weight(y, x);
      if (weight == 0) continue;
      const double truth = fields.truth(y, x);
      const double forecast = fields.forecast(y, x);
      const double climatology = fields.climatology(y, x);
      const double error = forecast - truth;
      row.finite = row.finite && std::isfinite(error) && std::isfinite(climatology);
      row.add({weight, weight * error, weight * std::abs(error), weight * error * error,
               weight * (truth - climatology), weight * (forecast - climatology)});
    }
    return row;
  });
  ErrorSums sums;
  for (const ErrorSums& row : rows) sums.add(row);
  return sums;
}

/// Correlation of the anomalies about their area means.
double anomaly_correlation(const MonthFields& fields, const ErrorSums& sums) {
  struct Products {
    double truth = 0;
    double forecast = 0;
    double both = 0;
  };
  const double truth_mean = sums.truth_anomaly / sums.weight;
  const double forecast_mean = sums.forecast_anomaly / sums.weight;
  const std::size_t n_columns = fields.truth.extent(1);
  const auto rows = map_rows(fields.truth.extent(0), [&](std::size_t y) {
    Products row;
    for (std::size_t x = 0; x < n_columns; ++x) {
      const double weight = fields.weight(y, x);
      if (weight == 0) continue;
      const double climatology = fields.climatology(y, x);
      const double truth = fields.truth(y, x) - climatology - truth_mean;
      const double forecast = fields.forecast(y, x) - climatology - forecast_mean;
      row.truth += weight * truth * truth;
      row.forecast += weight * forecast * forecast;
      row.both += weight * truth * forecast;
    }
    return row;
  });
  Products total;
  for (const Products& row : rows) {
    total.truth += row.truth;
    total.forecast += row.forecast;
    total.both += row.both;
  }
  if (!(total.truth > 0) || !(total.forecast > 0)) return undefined;
  return total.both / std::sqrt(total.truth * total.forecast);
}

/// Mean squared error over the valid cells, unweighted, of two fields each scaled to [0, 1] by its
/// own range.
double own_range_squared_error(const MonthFields& fields) {
  struct CellSums {
    double squared = 0;
    std::size_t n = 0;
  };
  const ValueRange truth_range = value_range(fields.truth, fields.weight);
  const ValueRange forecast_range = value_range(fields.forecast, fields.weight);
  // A constant field has no range: it is 0 everywhere after scaling.
  const auto scaled = [](double value, const ValueRange& range) {
    return range.width() > 0 ? (value - range.low) / range.width() : 0.0;
  };
  const std::size_t n_columns = fields.truth.extent(1);
  const auto rows = map_rows(fields.truth.extent(0), [&](std::size_t y) {
    CellSums row;
    for (std::size_t x = 0; x < n_columns; ++x) {
      if (fields.weight(y, x) == 0) continue;
      const double error =
          scaled(fields.forecast(y, x), forecast_range) - scaled(fields.truth(y, x), truth_range);
      row.squared += error * error;
      ++row.n;
    }
    return row;
  });
  CellSums total;
  for (const CellSums& row : rows) {
    total.squared += row.squared;
    total.n += row.n;
  }
  return total.n > 0 ? total.squared / static_cast<double>(total.n) : undefined;
}

/// Mean of the defined values; undefined without any.
class DefinedMean {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++n_;
  }
  [[nodiscard]] double value() const { return n_ > 0 ? sum_ / static_cast<double>(n_) : undefined; }

 private:
  double sum_ = 0;
  std::size_t n_ = 0;
};

}  // namespace

Array<double, 2> valid_weights(View<const double, 2> areas,
                               std::span<const View<const float, 2>> fields) {
  Array<double, 2> weights(areas.shape());
  std::copy(areas.begin(), areas.end(), weights.data());
  for (const View<const float, 2>& field : fields) {
    HINDSCALE_ASSERT(field.shape() == areas.shape());
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (!std::isfinite(field.data()[i])) weights.data()[i] = 0;
    }
  }
  return weights;
}

void ValueRange::include(const ValueRange& other) {
  low = std::min(low, other.low);
  high = std::max(high, other.high);
}

ValueRange value_range(View<const float, 2> field, View<const double, 2> weight) {
  HINDSCALE_ASSERT(field.shape() == weight.shape());
  ValueRange range;
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (weight.data()[i] == 0) continue;
    const double value = field.data()[i];
    range.include({value, value});
  }
  return range;
}

MonthErrors month_errors(const MonthFields& fields, const ScoreOptions& options) {
  HINDSCALE_ASSERT(fields.forecast.shape() == fields.truth.shape());
  HINDSCALE_ASSERT(fields.climatology.shape() == fields.truth.shape());
  HINDSCALE_ASSERT(fields.weight.shape() == fields.truth.shape());
  const ErrorSums sums = error_sums(fields);
  HINDSCALE_ASSERT(sums.finite);
  MonthErrors month{sums.weight, sums.error, sums.absolute, sums.squared};
  if (sums.weight > 0) month.acc = anomaly_correlation(fields, sums);
  month.ssim = structural_similarity(fields.truth, fields.forecast, fields.weight, options);
  month.own_range_squared_error = own_range_squared_error(fields);
  return month;
}

std::vector<double> values_of(std::span<const MonthErrors> months) {
  std::vector<double> values;
  for (const MonthErrors& m : months) {
    values.insert(values.end(), {m.weight, m.sum_error, m.sum_absolute_error, m.sum_squared_error,
                                 m.acc, m.ssim, m.own_range_squared_error});
  }
  return values;
}

std::vector<MonthErrors> months_of(std::span<const double> values) {
  constexpr std::size_t n_members = 7;
  HINDSCALE_ASSERT(values.size() % n_members == 0);
  std::vector<MonthErrors> months;
  for (std::size_t i = 0; i < values.size(); i += n_members) {
    const auto v = values.subspan(i, n_members);
    months.push_back({v[0], v[1], v[2], v[3], v[4], v[5], v[6]});
  }
  return months;
}

Scores scores_of(std::span<const MonthErrors> months, double range) {
  std::vector<std::size_t> all(months.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return scores_of(months, range, all);
}

Scores scores_of(std::span<const MonthErrors> months, double range,
                 std::span<const std::size_t> picks) {
  MonthErrors total;
  DefinedMean acc;
  DefinedMean ssim;
  DefinedMean own_range;
  for (const std::size_t i : picks) {
    const MonthErrors& month = months[i];
    total.weight += month.weight;
    total.sum_error += month.sum_error;
    total.sum_absolute_error += month.sum_absolute_error;
    total.sum_squared_error += month.sum_squared_error;
    acc.add(month.acc);
    ssim.add(month.ssim);
    own_range.add(month.own_range_squared_error);
  }
  Scores scores;
  scores.acc = acc.value();
  scores.ssim = ssim.value();
  scores.psnr_own_range = 10 * std::log10(own_range_peak / own_range.value());
  if (!(total.weight > 0)) return scores;
  const double mean_squared_error = total.sum_squared_error / total.weight;
  scores.rmse = std::sqrt(mean_squared_error);
  scores.mae = total.sum_absolute_error / total.weight;
  scores.bias = total.sum_error / total.weight;
  if (range > 0) scores.psnr = 10 * std::log10(range * range / mean_squared_error);
  return scores;
}

}  // namespace hindscale
