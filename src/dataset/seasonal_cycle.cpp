// SPDX-License-Identifier: Apache-2.0
#include "seasonal_cycle.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "ridge_system.hpp"

namespace hindscale {
namespace {

using Counts = std::array<std::uint32_t, 12>;
/// What the sum of each calendar month [second index] gives to the cycle in each [first].
using Weights = std::array<std::array<double, 12>, 12>;

Weights weights_of_means(const Counts& counts) {
  Weights weights{};
  for (std::size_t m = 0; m < 12; ++m) weights[m][m] = 1.0 / counts[m];  // inf * 0 gives NaN
  return weights;
}

/// Mean, cosines and sines in the middle of a month.
std::vector<double> regressors(std::size_t month, std::size_t harmonics) {
  std::vector<double> x{1};
  for (std::size_t k = 1; k <= harmonics; ++k) {
    const double phase =
        2 * std::numbers::pi * static_cast<double>(k) * (static_cast<double>(month) + 0.5) / 12;
    x.push_back(std::cos(phase));
    x.push_back(std::sin(phase));
  }
  return x;
}

Weights weights_of_fit(const Counts& counts, std::size_t harmonics) {
  const auto n_present =
      static_cast<std::size_t>(std::ranges::count_if(counts, [](auto n) { return n > 0; }));
  Weights weights{};
  if (n_present == 0) {
    for (auto& row : weights) row.fill(std::numeric_limits<double>::quiet_NaN());
    return weights;
  }
  harmonics = std::min(harmonics, (n_present - 1) / 2);
  RidgeSystem system(1 + 2 * harmonics, 12);
  for (std::size_t m = 0; m < 12; ++m) {
    if (counts[m] == 0) continue;
    // A month that counts n times is one whose regressors are sqrt(n) times as large.
    const double root = std::sqrt(static_cast<double>(counts[m]));
    std::vector<double> x = regressors(m, harmonics), y(12, 0.0);
    for (double& value : x) value *= root;
    y[m] = 1 / root;
    system.add(x, y);
  }
  const std::vector<double> b = system.solve(0);
  for (std::size_t m = 0; m < 12; ++m) {
    const std::vector<double> x = regressors(m, harmonics);
    for (std::size_t k = 0; k < x.size(); ++k)
      for (std::size_t j = 0; j < 12; ++j) weights[m][j] += x[k] * b[k * 12 + j];
  }
  return weights;
}

}  // namespace

SeasonalCycles::SeasonalCycles(std::size_t n) : months_(n) {}

void SeasonalCycles::add(int month_of_year, std::size_t i, double value) {
  if (std::isnan(value)) return;
  const auto month = static_cast<std::size_t>(month_of_year);
  months_[i].sum[month] += value;
  ++months_[i].count[month];
}

std::vector<std::vector<double>> SeasonalCycles::values(int harmonics) const {
  std::vector<std::vector<double>> cycles(12, std::vector<double>(months_.size()));
  Counts counts{};
  Weights weights{};
  for (std::size_t i = 0; i < months_.size(); ++i) {
    if (i == 0 || months_[i].count != counts) {  // nearly always those of the value before
      counts = months_[i].count;
      weights = harmonics == 0 ? weights_of_means(counts)
                               : weights_of_fit(counts, static_cast<std::size_t>(harmonics));
    }
    for (std::size_t m = 0; m < 12; ++m) {
      double value = 0;
      for (std::size_t j = 0; j < 12; ++j)
        if (harmonics > 0 || j == m) value += weights[m][j] * months_[i].sum[j];
      cycles[m][i] = value;
    }
  }
  return cycles;
}

}  // namespace hindscale
