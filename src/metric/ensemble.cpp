// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/ensemble.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "map_rows.hpp"

namespace hindscale {
namespace {

struct CellScores {
  double crps = 0;
  double variance = 0;
  double squared_error = 0;
};

double mean_of(std::span<const float> members) {
  double sum = 0;
  for (const float member : members) sum += member;
  return sum / static_cast<double>(members.size());
}

double variance_of(std::span<const float> members, double mean) {
  if (members.size() < 2) return undefined;
  double sum = 0;
  for (const float member : members) sum += (member - mean) * (member - mean);
  return sum / static_cast<double>(members.size() - 1);
}

/// Fair CRPS (Ferro 2014) of members in increasing order.
double fair_crps(std::span<const float> sorted, double truth) {
  if (sorted.size() < 2) return undefined;
  const auto n = static_cast<double>(sorted.size());
  double distance = 0;
  double differences = 0;  // sum over pairs i < j of x_(j) - x_(i)
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double member = sorted[i];
    distance += std::abs(member - truth);
    differences += (2 * static_cast<double>(i) - n + 1) * member;
  }
  return distance / n - differences / (n * (n - 1));
}

/// Sorts the members.
CellScores score_cell(std::span<float> members, double truth) {
  const double mean = mean_of(members);
  CellScores cell;
  cell.variance = variance_of(members, mean);
  cell.squared_error = (mean - truth) * (mean - truth);
  std::sort(members.begin(), members.end());
  cell.crps = fair_crps(members, truth);
  return cell;
}

/// One row of the members as [x, m]: a cell's members side by side.
std::vector<float> row_by_cell(View<const float, 3> members, std::size_t y) {
  const std::size_t n_members = members.extent(0);
  const std::size_t n_columns = members.extent(2);
  std::vector<float> row(n_columns * n_members);
  for (std::size_t m = 0; m < n_members; ++m) {
    const float* values = &members(m, y, 0);
    for (std::size_t x = 0; x < n_columns; ++x) row[x * n_members + m] = values[x];
  }
  return row;
}

/// Members below the truth, and a random share of those equal to it.
std::size_t rank_of(std::span<const float> sorted, float truth, const StreamKey& key,
                    std::uint64_t cell) {
  const auto equal = std::equal_range(sorted.begin(), sorted.end(), truth);
  const auto below = static_cast<std::size_t>(equal.first - sorted.begin());
  const auto ties = static_cast<std::uint64_t>(equal.second - equal.first);
  return ties == 0 ? below : below + uniform_below(key, cell, ties + 1);
}

struct RowScores {
  MonthEnsemble sums{};
  bool finite = true;
};

RowScores score_row(const EnsembleBand& band, std::size_t y, const StreamKey& key) {
  const std::size_t n_members = band.members.extent(0);
  const std::size_t n_columns = band.members.extent(2);
  std::vector<float> row = row_by_cell(band.members, y);
  RowScores scores;
  scores.sums.ranks.assign(n_members + 1, 0);
  for (std::size_t x = 0; x < n_columns; ++x) {
    const double weight = band.weight(y, x);
    if (weight == 0) continue;
    const std::span<float> members = std::span(row).subspan(x * n_members, n_members);
    const float truth = band.truth(y, x);
    const bool finite =
        std::isfinite(truth) &&
        std::all_of(members.begin(), members.end(), [](float v) { return std::isfinite(v); });
    scores.finite = scores.finite && finite;
    if (!finite) continue;
    const CellScores cell = score_cell(members, truth);
    scores.sums.weight += weight;
    scores.sums.sum_crps += weight * cell.crps;
    scores.sums.sum_variance += weight * cell.variance;
    scores.sums.sum_squared_error += weight * cell.squared_error;
    const std::uint64_t i_cell = (band.first_row + y) * n_columns + x;
    scores.sums.ranks[rank_of(members, truth, key, i_cell)] += weight;
  }
  return scores;
}

void add(const MonthEnsemble& part, MonthEnsemble& total) {
  total.weight += part.weight;
  total.sum_crps += part.sum_crps;
  total.sum_variance += part.sum_variance;
  total.sum_squared_error += part.sum_squared_error;
  for (std::size_t i = 0; i < part.ranks.size(); ++i) total.ranks[i] += part.ranks[i];
}

/// sqrt((M + 1) / M mean variance) / RMSE of the mean (Fortin et al. 2014).
double spread_skill_of(const MonthEnsemble& total) {
  if (!(total.sum_squared_error > 0)) return undefined;
  const auto n = static_cast<double>(total.n_members());
  const double inflation = total.ranks.empty() ? 1 : (n + 1) / n;
  return std::sqrt(inflation * total.sum_variance / total.sum_squared_error);
}

}  // namespace

void add_band(const EnsembleBand& band, const TieKey& ties, MonthEnsemble& month) {
  const auto& [n_members, n_rows, n_columns] = band.members.shape();
  const Shape<2> shape{n_rows, n_columns};
  HINDSCALE_ASSERT(n_members > 0);
  HINDSCALE_ASSERT(band.truth.shape() == shape && band.weight.shape() == shape);
  if (month.ranks.empty()) month.ranks.assign(n_members + 1, 0);
  HINDSCALE_ASSERT(month.n_members() == n_members);
  const StreamKey key{ties.seed, Purpose::rank_ties, ties.variable, ties.month,
                      static_cast<std::uint32_t>(n_members)};
  const auto rows = map_rows(n_rows, [&](std::size_t y) { return score_row(band, y, key); });
  for (const RowScores& row : rows) {
    HINDSCALE_ASSERT(row.finite);
    add(row.sums, month);
  }
}

double gaussian_crps(double mean, double standard_deviation, double truth) {
  if (!(standard_deviation > 0)) return std::abs(mean - truth);
  const double z = (truth - mean) / standard_deviation;
  const double two_cdf_minus_one = std::erf(z / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  return standard_deviation * (z * two_cdf_minus_one + 2 * density - std::numbers::inv_sqrtpi);
}

namespace {

/// Partial result of a forecast without members; `crps(y, x)` is that of a cell.
template <class Crps>
MonthEnsemble month_of_law(const GaussianFields& moments, View<const float, 2> truth,
                           View<const double, 2> weight, const Crps& crps) {
  HINDSCALE_ASSERT(moments.mean.shape() == truth.shape());
  HINDSCALE_ASSERT(moments.standard_deviation.shape() == truth.shape());
  HINDSCALE_ASSERT(weight.shape() == truth.shape());
  const auto rows = map_rows(truth.extent(0), [&](std::size_t y) {
    RowScores row;
    for (std::size_t x = 0; x < truth.extent(1); ++x) {
      const double w = weight(y, x);
      if (w == 0) continue;
      const double deviation = moments.standard_deviation(y, x);
      const double error = moments.mean(y, x) - truth(y, x), loss = crps(y, x);
      row.finite =
          row.finite && std::isfinite(error) && std::isfinite(deviation) && std::isfinite(loss);
      add({w, w * loss, w * deviation * deviation, w * error * error}, row.sums);
    }
    return row;
  });
  MonthEnsemble month;
  for (const RowScores& row : rows) {
    HINDSCALE_ASSERT(row.finite);
    add(row.sums, month);
  }
  return month;
}

}  // namespace

MonthEnsemble month_gaussian(const GaussianFields& forecast, View<const float, 2> truth,
                             View<const double, 2> weight) {
  return month_of_law(forecast, truth, weight, [&](std::size_t y, std::size_t x) {
    return gaussian_crps(forecast.mean(y, x), forecast.standard_deviation(y, x), truth(y, x));
  });
}

MonthEnsemble month_quantiles(View<const float, 3> quantiles, const GaussianFields& moments,
                              View<const float, 2> truth, View<const double, 2> weight) {
  HINDSCALE_ASSERT(quantiles.extent(1) == truth.extent(0) &&
                   quantiles.extent(2) == truth.extent(1));
  const auto n = static_cast<double>(quantiles.extent(0));
  return month_of_law(moments, truth, weight, [&](std::size_t y, std::size_t x) {
    double loss = 0;
    for (std::size_t q = 0; q < quantiles.extent(0); ++q) {
      const double level = (static_cast<double>(q) + 0.5) / n,
                   above =
                       static_cast<double>(truth(y, x)) - static_cast<double>(quantiles(q, y, x));
      loss += above >= 0 ? level * above : (level - 1) * above;
    }
    return 2 * loss / n;
  });
}

std::vector<double> values_of(std::span<const MonthEnsemble> months) {
  std::vector<double> values;
  for (const MonthEnsemble& month : months) {
    HINDSCALE_ASSERT(month.n_members() == months.front().n_members());
    values.insert(values.end(),
                  {month.weight, month.sum_crps, month.sum_variance, month.sum_squared_error});
    values.insert(values.end(), month.ranks.begin(), month.ranks.end());
  }
  return values;
}

std::vector<MonthEnsemble> ensemble_months_of(std::span<const double> values,
                                              std::size_t n_members) {
  constexpr std::size_t n_sums = 4;
  const std::size_t n_values = n_sums + (n_members > 0 ? n_members + 1 : 0);
  HINDSCALE_ASSERT(values.size() % n_values == 0);
  std::vector<MonthEnsemble> months;
  for (std::size_t i = 0; i < values.size(); i += n_values) {
    const auto v = values.subspan(i, n_values);
    months.push_back({v[0], v[1], v[2], v[3], std::vector<double>(v.begin() + n_sums, v.end())});
  }
  return months;
}

EnsembleScores ensemble_scores(std::span<const MonthEnsemble> months) {
  std::vector<std::size_t> all(months.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return ensemble_scores(months, all);
}

EnsembleScores ensemble_scores(std::span<const MonthEnsemble> months,
                               std::span<const std::size_t> picks) {
  EnsembleScores scores;
  MonthEnsemble total;
  if (!months.empty()) total.ranks.assign(months.front().ranks.size(), 0);
  for (const std::size_t i : picks) {
    HINDSCALE_ASSERT(months[i].ranks.size() == total.ranks.size());
    add(months[i], total);
  }
  if (!(total.weight > 0)) return scores;
  scores.crps = total.sum_crps / total.weight;
  scores.spread = std::sqrt(total.sum_variance / total.weight);
  scores.spread_skill = spread_skill_of(total);
  if (total.ranks.empty()) return scores;
  scores.reliability_index = 0;
  for (const double rank : total.ranks) {
    const double frequency = rank / total.weight;
    scores.rank_histogram.push_back(frequency);
    scores.reliability_index += std::abs(frequency - 1 / static_cast<double>(total.ranks.size()));
  }
  return scores;
}

void members_mean(View<const float, 3> members, View<float, 2> mean) {
  const std::size_t n_cells = mean.size();
  HINDSCALE_ASSERT(members.size() == n_cells * members.extent(0));
  for (std::size_t i = 0; i < n_cells; ++i) {
    double sum = 0;
    for (std::size_t m = 0; m < members.extent(0); ++m) sum += members.data()[m * n_cells + i];
    mean.data()[i] = static_cast<float>(sum / static_cast<double>(members.extent(0)));
  }
}

void members_spread(View<const float, 3> members, View<float, 2> spread) {
  const std::size_t n_cells = spread.size();
  HINDSCALE_ASSERT(members.size() == n_cells * members.extent(0));
  std::vector<float> cell(members.extent(0));
  for (std::size_t i = 0; i < n_cells; ++i) {
    for (std::size_t m = 0; m < cell.size(); ++m) cell[m] = members.data()[m * n_cells + i];
    spread.data()[i] = static_cast<float>(std::sqrt(variance_of(cell, mean_of(cell))));
  }
}

}  // namespace hindscale
