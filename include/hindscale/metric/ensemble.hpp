// SPDX-License-Identifier: Apache-2.0
// Probabilistic scores of an ensemble: fair CRPS, spread against skill, rank histogram; and the
// CRPS of a Gaussian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/metric/scores.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale {

/// Rows [first_row, first_row + rows) of one month. Members [m, rows, x], truth and weight [rows,
/// x]; in cells of zero weight the values do not matter, in all others they must be finite.
struct EnsembleBand {
  View<const float, 3> members;
  View<const float, 2> truth;
  View<const double, 2> weight;
  std::size_t first_row = 0;  ///< of the band in the whole field
};

/// Partial result of one month, one variable, one ensemble.
struct MonthEnsemble {
  double weight = 0;    ///< sum of the weights
  double sum_crps = 0;  ///< weighted sum of the CRPS; NaN for one member
  double sum_variance =
      0;  ///< weighted sum of the variance over members (ddof 1); NaN for one member
  double sum_squared_error = 0;  ///< weighted sum of (mean of members - truth)^2
  std::vector<double> ranks{};   ///< weight of the truth's ranks, M + 1 bins; empty for a Gaussian
  [[nodiscard]] std::size_t n_members() const { return ranks.empty() ? 0 : ranks.size() - 1; }
};

/// Says which numbers break ties between the truth and members.
struct TieKey {
  std::uint64_t seed = 0;
  std::uint64_t variable = 0;  ///< index of the variable
  std::uint64_t month = 0;     ///< number of the month
};

/// Adds a band of rows to the month's partial result. Each row is summed along its columns, then
/// added: bands of any height that are added from south to north give the same bits as the whole
/// field. For the first k of M members hand over a view of the first k. CRPS is the fair one (Ferro
/// 2014), by sorting, O(M log M) a cell: mean|x_i - y| - sum_i (2 i - M + 1) x_(i) / (M (M - 1)), i
/// = 0 .. M - 1. AssertionError: shapes differ, other number of members than before, value not
/// finite under positive weight.
void add_band(const EnsembleBand& band, const TieKey& ties, MonthEnsemble& month);

/// Mean and standard deviation [y, x] of a forecast, Gaussian where nothing else is said.
struct GaussianFields {
  View<const float, 2> mean;
  View<const float, 2> standard_deviation;
};

/// CRPS in closed form (Gneiting et al. 2005); a standard deviation of 0 gives |mean - truth|.
double gaussian_crps(double mean, double standard_deviation, double truth);

/// Partial result of a Gaussian forecast: CRPS in closed form, its variance, no ranks.
MonthEnsemble month_gaussian(const GaussianFields& forecast, View<const float, 2> truth,
                             View<const double, 2> weight);

/// Partial result of a forecast of any law, by its quantiles [q, y, x] at (i - 1/2) / q: CRPS as
/// twice their mean pinball loss (Laio and Tamea 2007), variance and mean as given, no ranks.
MonthEnsemble month_quantiles(View<const float, 3> quantiles, const GaussianFields& moments,
                              View<const float, 2> truth, View<const double, 2> weight);

/// Months as one block of doubles and back. All months must have the same number of members.
std::vector<double> values_of(std::span<const MonthEnsemble> months);
/// `n_members` as in the months packed (0 for a Gaussian).
std::vector<MonthEnsemble> ensemble_months_of(std::span<const double> values,
                                              std::size_t n_members);

struct EnsembleScores {
  double crps = undefined;
  double spread = undefined;  ///< root of the mean variance over members
  double spread_skill =
      undefined;  ///< sqrt((M + 1) / M mean variance) / RMSE of the mean; factor 1 for a Gaussian
  double reliability_index = undefined;  ///< sum |f_i - 1 / (M + 1)| (Delle Monache et al. 2006)
  std::vector<double> rank_histogram{};  ///< f_i, sum 1; bin 0: the truth lies below all members
};

/// Means over all months come before roots. Months in any number and repetition, summed in the
/// order given.
EnsembleScores ensemble_scores(std::span<const MonthEnsemble> months);
/// The same of months[picks[0]], months[picks[1]], ...: for the bootstrap.
EnsembleScores ensemble_scores(std::span<const MonthEnsemble> months,
                               std::span<const std::size_t> picks);

/// Mean over members [m, y, x] -> [y, x], in double, in the order of the members.
void members_mean(View<const float, 3> members, View<float, 2> mean);
/// Standard deviation (ddof 1) likewise; NaN for one member.
void members_spread(View<const float, 3> members, View<float, 2> spread);

}  // namespace hindscale
