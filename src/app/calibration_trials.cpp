// SPDX-License-Identifier: Apache-2.0
#include "calibration_trials.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

Options validation_of(Options options) {
  options.training.validation_members = options.calibration.members;
  options.training.validation_months = options.calibration.months;
  return options;
}

/// How far the spread is from the skill.
double mismatch(double spread_skill) {
  return std::abs(std::log(spread_skill));
}

std::string worth_of(const ValidationScore& score) {
  if (!std::isfinite(score.score)) return "diverges";
  return fmt::format("CRPS / MAE of Lerp {:.4f}, spread / skill {:.3f}", score.score,
                     fmt::join(score.spread_skill, ", "));
}

/// "6 steps", or what the sampler chooses them by; then the evaluations of the network.
std::string steps_of(const Trial& trial) {
  const std::string by = is_adaptive(trial) ? fmt::format("tolerance {}", trial.tolerance)
                                            : fmt::format("{} steps", trial.steps);
  return fmt::format("{} ({:.4g} evaluations)", by, trial.evaluations);
}

std::vector<MonthScore> months_of(const Trial& trial, const YearFilter& is_wanted) {
  std::vector<MonthScore> months;
  for (const MonthScore& month : trial.months)
    if (is_wanted(month.month.year())) months.push_back(month);
  return months;
}

/// What a way is worth in the years wanted.
struct WayScore {
  std::vector<ValidationScore> by_noise{};
  std::vector<double> best{};         ///< CRPS of each variable with the noise that suits it best
  std::vector<std::size_t> i_best{};  ///< that noise
  double score = 0;  ///< their mean; infinite where the way diverges with all noise
};

WayScore score_of(const WayTrials& way, const YearFilter& is_wanted) {
  WayScore found;
  for (const Trial& trial : way) {
    const ValidationScore score = validation_score(months_of(trial, is_wanted));
    found.best.resize(score.variables.size(), HUGE_VAL);
    found.i_best.resize(score.variables.size(), 0);
    for (std::size_t v = 0; v < score.variables.size(); ++v) {
      if (!(score.variables[v] < found.best[v])) continue;
      found.best[v] = score.variables[v];
      found.i_best[v] = found.by_noise.size();
    }
    found.by_noise.push_back(score);
  }
  for (const double best : found.best) found.score += best / static_cast<double>(found.best.size());
  return found;
}

/// Of each variable the noise whose spread is nearest the skill, at a CRPS of at most `share` times
/// its best; where there is no spread, that of the best; and the sum of what is left of mismatches.
std::pair<std::vector<std::size_t>, double> best_noise(const WayScore& way, double share) {
  std::vector<std::size_t> chosen;
  double sum = 0;
  for (std::size_t v = 0; v < way.best.size(); ++v) {
    double least = HUGE_VAL;
    chosen.push_back(way.i_best[v]);
    for (std::size_t i = 0; i < way.by_noise.size(); ++i) {
      const double distance = mismatch(way.by_noise[i].spread_skill[v]);
      if (!(way.by_noise[i].variables[v] <= way.best[v] * share && distance < least)) continue;
      least = distance;
      chosen.back() = i;
    }
    sum += least;
  }
  return {chosen, sum};
}

/// The months of a year, sampled as chosen on the other years.
std::vector<MonthScore> months_by_others(const std::vector<WayTrials>& ways, int left_out,
                                         double tolerance) {
  const auto is_own = [&](int year) { return year == left_out; };
  const SamplingChoice choice =
      choose_sampling(ways, tolerance, [&](int year) { return year != left_out; });
  const WayTrials& way = ways[choice.i_way];
  std::vector<MonthScore> months = months_of(way.front(), is_own);
  for (std::size_t v = 0; v < choice.i_noise.size(); ++v) {
    const std::vector<MonthScore> own = months_of(way[choice.i_noise[v]], is_own);
    for (std::size_t i = 0; i < months.size(); ++i) months[i].ensembles[v] = own[i].ensembles[v];
  }
  return months;
}

}  // namespace

bool is_adaptive(const Trial& trial) {
  return trial.sampler == "adaptive";
}

void set_sampling(const Trial& trial, Options& options) {
  options.sampling.sampler = trial.sampler;
  options.sampling.steps = trial.steps;
  options.sampling.eta = trial.eta;
  options.sampling.churn = trial.churn;
  if (is_adaptive(trial)) options.sampling.tolerance = trial.tolerance;
  options.sampling.noise_scale = trial.noise_scale;
}

Trials::Trials(const Context& context, const Options& options,
               const std::vector<TrainedNetwork>& networks, const StoreReader& reader)
    : options_(validation_of(options)),
      networks_(networks),
      log_(context.log),
      regions_(context.regions.get()) {
  for (const TrainedNetwork& trained : networks)
    validators_.emplace_back(context, options_, reader, *trained.conditioning, trained.mean);
}

Trial Trials::run(Trial trial) {
  Options own = options_;
  set_sampling(trial, own);
  double all_evaluations = 0;
  for (std::size_t i = 0; i < networks_.size(); ++i) {
    GeneratorOptions generator = generator_options(own, networks_[i].diffusion);
    generator.purpose = Purpose::validation_noise;
    const auto [months, n_evaluations] =
        validators_[i].sample_months(networks_[i].network, generator, regions_);
    trial.months.insert(trial.months.end(), months.begin(), months.end());
    all_evaluations += n_evaluations;
    trial.evaluations = static_cast<double>(evaluations_of(generator.sampler, trial.steps));
  }
  if (is_adaptive(trial))
    trial.evaluations = all_evaluations / static_cast<double>(trial.months.size()) /
                        static_cast<double>(options_.calibration.members);
  std::ranges::stable_sort(trial.months, {}, &MonthScore::month);
  trial.score = validation_score(trial.months);
  log_.info("{}, {}, eta {}, churn {}, noise {}: {}", trial.sampler, steps_of(trial), trial.eta,
            trial.churn, fmt::join(trial.noise_scale, ", "), worth_of(trial.score));
  all_.push_back(trial);
  return trial;
}

SamplingChoice choose_sampling(const std::vector<WayTrials>& ways, double tolerance,
                               const YearFilter& is_wanted) {
  std::vector<WayScore> scores;
  double best = HUGE_VAL;
  for (const WayTrials& way : ways) {
    HINDSCALE_ASSERT(!way.empty());
    scores.push_back(score_of(way, is_wanted));
    best = std::min(best, scores.back().score);
  }
  if (best == HUGE_VAL)
    throw InputError({.problem = "no way to sample gave finite fields",
                      .advice = "try other samplers or more steps",
                      .key = "calibration/samplers"});
  std::optional<SamplingChoice> chosen;
  double fewest = HUGE_VAL, least = HUGE_VAL;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    if (scores[i].score > best * (1 + tolerance)) continue;
    const auto [noise, mismatches] =
        best_noise(scores[i], std::max(1.0, best * (1 + tolerance) / scores[i].score));
    double evaluations = 0;
    for (const std::size_t i_noise : noise)
      evaluations = std::max(evaluations, ways[i][i_noise].evaluations);
    if (evaluations > fewest || (evaluations == fewest && mismatches >= least)) continue;
    chosen = SamplingChoice{i, noise};
    fewest = evaluations;
    least = mismatches;
  }
  return *chosen;
}

std::optional<ValidationScore> left_out_score(const std::vector<WayTrials>& ways,
                                              double tolerance) {
  std::set<int> years;
  for (const MonthScore& month : ways.front().front().months) years.insert(month.month.year());
  if (years.size() < 2) return std::nullopt;
  std::vector<MonthScore> months;
  for (const int year : years) {
    const std::vector<MonthScore> own = months_by_others(ways, year, tolerance);
    months.insert(months.end(), own.begin(), own.end());
  }
  return validation_score(months);
}

}  // namespace hindscale
