// SPDX-License-Identifier: Apache-2.0
// Ways to sample, tried on months that the networks have not seen, and the choice among them.
#pragma once

#include <functional>
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

/// One way to sample, tried with each strength of noise, the same for all variables.
using WayTrials = std::vector<Trial>;

/// A way, and of each variable the trial of it whose noise it gets.
struct SamplingChoice {
  std::size_t i_way = 0;
  std::vector<std::size_t> i_noise{};
};

using YearFilter = std::function<bool(int year)>;

/// A way is worth the mean over variables of its best CRPS with any noise. Of the ways within the
/// tolerance of the best: the one of fewest evaluations; among equals the one whose spread is
/// nearest its skill. Of its noise: for each variable what brings the spread nearest the skill;
/// what the way leaves of the tolerance is the share of CRPS that this may cost each of them, so
/// that way and noise together cost no more than the tolerance, as tried with the same noise for
/// all (a joint network lets the noise of one variable act on others). By the months of the years
/// wanted; InputError where no CRPS is finite.
SamplingChoice choose_sampling(const std::vector<WayTrials>& ways, double tolerance,
                               const YearFilter& is_wanted);

/// The score of every year as sampled in the way that the other years would have chosen: what a
/// choice is worth on years it has not seen. Nothing where there is but one year.
std::optional<ValidationScore> left_out_score(const std::vector<WayTrials>& ways, double tolerance);

}  // namespace hindscale
