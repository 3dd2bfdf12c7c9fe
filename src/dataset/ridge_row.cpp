// SPDX-License-Identifier: Apache-2.0
#include "ridge_row.hpp"

#include <cmath>

#include "seasonal_cycle.hpp"

namespace hindscale {

/// Seasonal cycles of the training months, without the year left out.
struct RidgeRow::Means {
  std::vector<std::size_t> months;              ///< that were averaged
  std::vector<std::vector<double>> coarse;      ///< [12][v, cy, cx]
  std::vector<std::vector<double>> lerp_error;  ///< [12][v, rows, x]
};

struct RidgeRow::Fit {
  const Means& means;
  int window;
  std::vector<std::vector<double>> coefficients;  ///< of each coarse column [k, responses]
};

namespace {

/// Cycles of `values(t, i)` over the months.
template <class Values>
std::vector<std::vector<double>> cycles_of(const StoreContent& content,
                                           const std::vector<std::size_t>& months, std::size_t n,
                                           int harmonics, Values&& values) {
  SeasonalCycles cycles(n);
  for (const std::size_t t : months)
    for (std::size_t i = 0; i < n; ++i) cycles.add(content.months[t].of_year(), i, values(t, i));
  return cycles.values(harmonics);
}

/// How much the predictors of a window count, [k]: less the farther they are from its middle.
std::vector<double> weights_of(const RegressionFit& choice, std::size_t n_variables) {
  std::vector<double> weights;
  const int half = choice.window / 2;
  for (std::size_t v = 0; v < n_variables; ++v)
    for (int dy = -half; dy <= half; ++dy)
      for (int dx = -half; dx <= half; ++dx)
        weights.push_back(std::exp(-choice.decay * std::hypot(dy, dx)));
  return weights;
}

std::vector<std::vector<double>> solve_all(const std::vector<RidgeSystem>& systems,
                                           const RegressionFit& choice, std::size_t n_variables) {
  const std::vector<double> weights = weights_of(choice, n_variables);
  std::vector<std::vector<double>> coefficients;
  for (const RidgeSystem& system : systems) {
    coefficients.push_back(choice.decay > 0 ? system.solve(choice.penalty, weights)
                                            : system.solve(choice.penalty));
  }
  return coefficients;
}

}  // namespace

RidgeRow::RidgeRow(const RidgeData& data, const StoreWriter& writer, std::size_t coarse_row)
    : data_(data), coarse_row_(coarse_row), columns_(data.content.coarse.n_columns()) {
  const StoreContent& content = data.content;
  const std::size_t nv = content.n_variables(), ny = content.fine.n_rows(),
                    nx = content.fine.n_columns();
  for (std::size_t y = 0; y < ny; ++y) {
    if (data.home_row[y] != coarse_row) continue;
    if (n_rows_ == 0) first_ = y;
    ++n_rows_;
  }
  for (std::size_t x = 0; x < nx; ++x) columns_[data.home_column[x]].push_back(x);
  Array<float, 2> whole({ny, nx});
  for (std::size_t t = 0; t < content.months.size() && n_rows_ > 0; ++t) {
    std::vector<float> truth(nv * n_rows_ * nx), lerp;
    writer.read_slab(store::fine, {t, 0, first_, 0}, {1, nv, n_rows_, nx}, truth);
    for (std::size_t v = 0; v < nv; ++v) {
      data.lerp.apply(data.coarse.view()[t][v], whole);
      const auto rows = whole.flat().subspan(first_ * nx, n_rows_ * nx);
      lerp.insert(lerp.end(), rows.begin(), rows.end());
    }
    truth_.push_back(std::move(truth));
    lerp_.push_back(std::move(lerp));
  }
}

RidgeRow::Means RidgeRow::means(LeftOut left_out, int harmonics) const {
  const StoreContent& content = data_.content;
  Means result;
  for (const std::size_t t : content.positions(content.train)) {
    if (!left_out || content.months[t].year() != *left_out) result.months.push_back(t);
  }
  const std::size_t n_coarse = data_.coarse.size() / content.months.size();
  result.coarse =
      cycles_of(content, result.months, n_coarse, harmonics, [&](std::size_t t, std::size_t i) {
        return static_cast<double>(data_.coarse.view()[t].data()[i]);
      });
  result.lerp_error = cycles_of(
      content, result.months, truth_[0].size(), harmonics, [&](std::size_t t, std::size_t i) {
        return static_cast<double>(lerp_[t][i]) - static_cast<double>(truth_[t][i]);
      });
  return result;
}

std::vector<double> RidgeRow::predictors(const Means& means, std::size_t i_month,
                                         const std::vector<std::size_t>& cells) const {
  const StoreContent& content = data_.content;
  const std::size_t n_cells = content.coarse.n_rows() * content.coarse.n_columns();
  const auto month = static_cast<std::size_t>(content.months[i_month].of_year());
  const float* field = data_.coarse.view()[i_month].data();
  std::vector<double> x;
  x.reserve(content.n_variables() * cells.size());
  for (std::size_t v = 0; v < content.n_variables(); ++v) {
    for (const std::size_t cell : cells) {
      const std::size_t i = v * n_cells + cell;
      const double anomaly = static_cast<double>(field[i]) - means.coarse[month][i];
      x.push_back(std::isnan(anomaly) ? 0.0 : anomaly);
    }
  }
  return x;
}

std::vector<RidgeSystem> RidgeRow::systems(const Means& means, int window) const {
  const StoreContent& content = data_.content;
  const std::size_t nv = content.n_variables(), nx = content.fine.n_columns();
  std::vector<RidgeSystem> result;
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const auto cells = ridge_window_cells(content.coarse, coarse_row_, j, window);
    std::vector<double> y(nv * n_rows_ * columns_[j].size());
    RidgeSystem system(nv * cells.size(), y.size());
    for (const std::size_t t : means.months) {
      const auto month = static_cast<std::size_t>(content.months[t].of_year());
      std::size_t r = 0;
      for (std::size_t row = 0; row < nv * n_rows_; ++row) {
        for (const std::size_t x : columns_[j]) {
          const std::size_t i = row * nx + x;
          const double anomaly = static_cast<double>(lerp_[t][i]) -
                                 static_cast<double>(truth_[t][i]) - means.lerp_error[month][i];
          y[r++] = std::isnan(anomaly) ? 0.0 : anomaly;
        }
      }
      system.add(predictors(means, t, cells), y);
    }
    result.push_back(std::move(system));
  }
  return result;
}

void RidgeRow::subtract(const Fit& fit, std::size_t i_month, std::vector<float>& estimate) const {
  const StoreContent& content = data_.content;
  const std::size_t nx = content.fine.n_columns();
  const auto month = static_cast<std::size_t>(content.months[i_month].of_year());
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const auto x = predictors(fit.means, i_month,
                              ridge_window_cells(content.coarse, coarse_row_, j, fit.window));
    const std::size_t n_responses = content.n_variables() * n_rows_ * columns_[j].size();
    std::size_t r = 0;
    for (std::size_t row = 0; row < content.n_variables() * n_rows_; ++row) {
      for (const std::size_t column : columns_[j]) {
        double correction = fit.means.lerp_error[month][row * nx + column];
        for (std::size_t k = 0; k < x.size(); ++k)
          correction += x[k] * fit.coefficients[j][k * n_responses + r];
        estimate[row * nx + column] =
            static_cast<float>(static_cast<double>(lerp_[i_month][row * nx + column]) - correction);
        ++r;
      }
    }
  }
}

void RidgeRow::keep(const Fit& fit, RidgeRowFit& kept) const {
  const std::size_t nv = data_.content.n_variables(), nx = data_.content.fine.n_columns();
  const std::size_t n_predictors =
      nv * static_cast<std::size_t>(fit.window) * static_cast<std::size_t>(fit.window);
  kept.coefficients.assign(n_rows_ * nv * nx * n_predictors, 0.0F);
  for (std::size_t j = 0; j < columns_.size(); ++j) {
    const std::size_t n_columns = columns_[j].size(), n_responses = nv * n_rows_ * n_columns;
    for (std::size_t r = 0; r < n_responses; ++r) {
      const std::size_t v = r / (n_rows_ * n_columns), y = r / n_columns % n_rows_,
                        x = columns_[j][r % n_columns];
      for (std::size_t k = 0; k < n_predictors; ++k) {
        kept.coefficients[((y * nv + v) * nx + x) * n_predictors + k] =
            static_cast<float>(fit.coefficients[j][k * n_responses + r]);
      }
    }
  }
  kept.lerp_bias.clear();
  for (const auto& month : fit.means.lerp_error)
    kept.lerp_bias.insert(kept.lerp_bias.end(), month.begin(), month.end());
}

std::vector<std::vector<float>> RidgeRow::estimate(const RegressionFit& choice, LeftOut left_out,
                                                   const std::vector<std::size_t>& months,
                                                   RidgeRowFit* kept) const {
  if (n_rows_ == 0) return {};
  const std::size_t nv = data_.content.n_variables(), nx = data_.content.fine.n_columns();
  const Means fitted = means(left_out, choice.harmonics);
  const Fit fit{fitted, choice.window, solve_all(systems(fitted, choice.window), choice, nv)};
  std::vector<std::vector<float>> estimates;
  for (const std::size_t t : months) {
    estimates.emplace_back(nv * n_rows_ * nx);
    subtract(fit, t, estimates.back());
  }
  if (kept != nullptr) keep(fit, *kept);
  return estimates;
}

/// Squared errors over the validation months, added to `errors` [v].
void RidgeRow::add_errors(const Fit& fit, std::vector<double>& errors) const {
  const StoreContent& content = data_.content;
  const std::size_t nx = content.fine.n_columns();
  std::vector<float> estimate(content.n_variables() * n_rows_ * nx);
  for (const std::size_t t : content.positions(content.validation)) {
    subtract(fit, t, estimate);
    for (std::size_t i = 0; i < estimate.size(); ++i) {
      const double error = static_cast<double>(estimate[i]) - static_cast<double>(truth_[t][i]);
      const std::size_t y = first_ + i / nx % n_rows_;
      if (!std::isnan(error)) errors[i / (n_rows_ * nx)] += data_.area(y, i % nx) * error * error;
    }
  }
}

std::vector<std::vector<double>> RidgeRow::validation_errors(
    const std::vector<RegressionFit>& candidates) const {
  const std::size_t nv = data_.content.n_variables();
  std::vector<std::vector<double>> errors(candidates.size(), std::vector<double>(nv, 0.0));
  if (n_rows_ == 0) return errors;
  Means fitted;
  std::vector<RidgeSystem> all;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const RegressionFit& choice = candidates[i];
    const bool other_cycle = i == 0 || choice.harmonics != candidates[i - 1].harmonics;
    if (other_cycle) fitted = means(std::nullopt, choice.harmonics);
    if (other_cycle || choice.window != candidates[i - 1].window)
      all = systems(fitted, choice.window);
    add_errors({fitted, choice.window, solve_all(all, choice, nv)}, errors[i]);
  }
  return errors;
}

}  // namespace hindscale
