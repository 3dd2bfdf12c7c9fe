// SPDX-License-Identifier: Apache-2.0
// Ways to sample, tried on months that the networks have not seen, and the choice among them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hindscale/train/validation.hpp"
#include "trained_network.hpp"

namespace hindscale {

/// A way to sample, and how it scored.
struct Trial {
  std::string sampler;
  std::int64_t steps = 0;
  double eta = 0, churn = 0, tolerance = 0;  ///< 0 where the sampler knows none
  std::vector<double> noise_scale{};
  double evaluations = 0;  ///< of a field; where it chooses its steps, the mean; NaN: it diverges
  std::vector<MonthScore> months{};
  ValidationScore score{};  ///< of all months
};

/// Whether it chooses its steps by its tolerance.
bool is_adaptive(const Trial& trial);

/// The trial's values of &sampling in the options.
void set_sampling(const Trial& trial, Options& options);

/// Tries ways to sample, all on the same months, members and noise.
class Trials {
 public:
  /// Each network on the months it is validated on. Keeps references to all but the options.
  Trials(const Context& context, const Options& options,
         const std::vector<TrainedNetwork>& networks, const StoreReader& reader);
  /// Collective; the same on every rank.
  Trial run(Trial trial);
  [[nodiscard]] const std::vector<Trial>& all() const { return all_; }

 private:
  Options options_;
  const std::vector<TrainedNetwork>& networks_;
  std::vector<CrpsValidator> validators_;  ///< of each network
  Log log_;
  Regions* regions_;
  std::vector<Trial> all_;
};

/// Of the trials within the tolerance of the best CRPS, the one of fewest evaluations; among equals
/// the one whose spread is nearest its skill. InputError where no CRPS is finite.
std::size_t cheapest(const std::vector<ValidationScore>& scores, const std::vector<Trial>& trials,
                     double tolerance);

/// For each variable the trial whose spread is nearest its skill, among those within the tolerance
/// of its best CRPS.
std::vector<std::size_t> best_spread(const std::vector<ValidationScore>& scores, double tolerance);

/// What the other trials were for: samplers, and noise scales of the one chosen among them.
struct TrialGroups {
  std::vector<Trial> samplers;
  std::vector<Trial> scales;  ///< the first is the sampler chosen
};

/// The score of every year as sampled in the way that the other years would have chosen: what a
/// choice is worth on years it has not seen. Noise was tried with the first of the scales only: a
/// year for which the others choose another sampler is sampled so with the noise of training.
/// Nothing where there is but one year.
std::optional<ValidationScore> left_out_score(const TrialGroups& groups, double tolerance);

}  // namespace hindscale
