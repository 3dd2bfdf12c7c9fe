// SPDX-License-Identifier: Apache-2.0
// Partial results of single months, gathered over the ranks in the order of the months.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "evaluate_consistency.hpp"
#include "evaluate_fields.hpp"
#include "evaluate_maps.hpp"
#include "hindscale/comm/context.hpp"
#include "hindscale/metric/correlation.hpp"
#include "hindscale/metric/ensemble.hpp"
#include "hindscale/metric/scores.hpp"
#include "hindscale/metric/spectrum.hpp"

namespace hindscale {

enum class SpectrumKind { zonal, radial };

/// What all parts of an evaluation share.
struct EvaluationSetup {
  const Context& context;
  const FieldProvider& fields;
  std::vector<std::size_t> positions;  ///< of the months scored, in the store's months
  std::vector<std::size_t>
      sizes;  ///< ensembles of so many first members; the last is the whole one
  SpectrumKind spectrum = SpectrumKind::zonal;
  std::uint64_t seed = 0;        ///< of ties in ranks
  const DrivingFields& driving;  ///< what the members were made from
};

/// The methods of an evaluation: baselines, other reconstructions, "member" and "ensemble".
std::vector<std::string> method_names(const FieldProvider& fields, const ScoredVariable& variable);

/// The fields whose spectra are compared. "member" is the mean over the spectra of all members.
inline constexpr std::size_t n_spectra = 4;
inline constexpr const char* spectrum_names[n_spectra] = {"truth", "lerp", "member", "ensemble"};

/// What members do at the borders of their tiles in a month, and the same members at the same
/// places with the tiles moved.
struct MonthSeams {
  double steps = 0;        ///< sum of squared differences across the borders
  double steps_moved = 0;  ///< likewise, tiles moved
  double variance = 0;     ///< sum of the variance over members beside the borders
  double variance_moved = 0;
};

/// All months of one variable.
struct VariableResults {
  double range = 0;  ///< width of the truth's range over the period
  std::vector<std::vector<MonthErrors>>
      errors;  ///< [method][month], in the order of `method_names`
  std::vector<std::vector<CoarseMisfit>>
      consistency;                 ///< [method][month]; without weight for derived variables
  std::vector<std::size_t> sizes;  ///< numbers of first members
  /// [size][month] of those of them that are independent
  std::vector<std::vector<MonthEnsemble>> ensembles;
  std::vector<std::vector<MonthErrors>> errors_of_size;  ///< [size][month], of the mean
  /// [method][month] of forecasts of a law; without months where they give no spread.
  std::map<std::string, std::vector<MonthEnsemble>> laws;
  /// [one of spectrum_names, then each member of the exact law][month]
  std::vector<std::vector<Spectrum>> spectra;
  Spectrum training_spectrum;     ///< the truth's, mean over the store's training months
  std::vector<MonthSeams> seams;  ///< [month]; empty where there is nothing to compare
  std::int64_t n_left_out =
      0;  ///< cells with a truth, over all months, in which some method has no value
};

/// Scores a variable over all months; each rank a contiguous block of them. Sums for the maps go
/// into `maps`, complete on every rank. Collective; every rank returns the same.
VariableResults score_variable(const EvaluationSetup& setup, const ScoredVariable& variable,
                               MapSums& maps);

/// Correlations between two variables of the store, anomalies to the training climatology.
struct PairResults {
  std::string name;  ///< "uas,vas"
  /// [one of `correlation_names`][month]
  std::vector<std::vector<MonthMoments>> moments;
};
/// "truth", "lerp", ..., "member" (all members pooled), "ensemble" (their mean).
std::vector<std::string> correlation_names(const StoreContent& content);
/// One result for each pair of variables. Collective; every rank returns the same.
std::vector<PairResults> correlate_variables(const EvaluationSetup& setup);

/// Calls `work(position)` for each month of this rank's block of them; failures are agreed on.
/// Collective.
void for_own_months(const Communicator& comm, std::span<const std::size_t> positions,
                    const std::function<void(std::size_t)>& work);

}  // namespace hindscale
