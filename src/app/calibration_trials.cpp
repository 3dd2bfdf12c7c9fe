// SPDX-License-Identifier: Apache-2.0
#include "calibration_trials.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

Options validation_of(Options options) {
  options.training.validation_members = options.calibration.members;
  options.training.validation_months = options.calibration.months;
  return options;
}

/// How far the spread is from the skill, over all variables.
double mismatch(const ValidationScore& score) {
  double sum = 0;
  for (const double ratio : score.spread_skill) sum += std::abs(std::log(ratio));
  return sum;
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

using Choose = std::function<bool(int year)>;

std::vector<MonthScore> months_of(const Trial& trial, const Choose& is_wanted) {
  std::vector<MonthScore> months;
  for (const MonthScore& month : trial.months)
    if (is_wanted(month.month.year())) months.push_back(month);
  return months;
}

std::vector<ValidationScore> scores_of(const std::vector<Trial>& trials, const Choose& is_wanted) {
  std::vector<ValidationScore> scores;
  for (const Trial& trial : trials) scores.push_back(validation_score(months_of(trial, is_wanted)));
  return scores;
}

/// The months of a year, each variable as the trial chosen for it on the other years made it.
std::vector<MonthScore> months_by_others(const TrialGroups& groups, int left_out,
                                         double tolerance) {
  const auto is_other = [&](int year) { return year != left_out; };
  const auto is_own = [&](int year) { return year == left_out; };
  const Trial& sampler =
      groups.samplers[cheapest(scores_of(groups.samplers, is_other), groups.samplers, tolerance)];
  std::vector<MonthScore> months = months_of(sampler, is_own);
  const Trial& chosen = groups.scales.front();
  const bool has_scales = sampler.sampler == chosen.sampler && sampler.steps == chosen.steps &&
                          sampler.eta == chosen.eta && sampler.churn == chosen.churn &&
                          sampler.tolerance == chosen.tolerance;
  if (!has_scales) return months;
  const auto best = best_spread(scores_of(groups.scales, is_other), tolerance);
  for (std::size_t v = 0; v < best.size(); ++v) {
    const std::vector<MonthScore> own = months_of(groups.scales[best[v]], is_own);
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

std::size_t cheapest(const std::vector<ValidationScore>& scores, const std::vector<Trial>& trials,
                     double tolerance) {
  double best = HUGE_VAL;
  for (const ValidationScore& score : scores)
    if (std::isfinite(score.score)) best = std::min(best, score.score);
  if (best == HUGE_VAL)
    throw InputError({.problem = "no way to sample gave finite fields",
                      .advice = "try other samplers or more steps",
                      .key = "calibration/samplers"});
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!(scores[i].score <= best * (1 + tolerance))) continue;
    const bool better = !chosen || trials[i].evaluations < trials[*chosen].evaluations ||
                        (trials[i].evaluations == trials[*chosen].evaluations &&
                         mismatch(scores[i]) < mismatch(scores[*chosen]));
    if (better) chosen = i;
  }
  return *chosen;
}

std::vector<std::size_t> best_spread(const std::vector<ValidationScore>& scores, double tolerance) {
  std::vector<std::size_t> chosen;
  for (std::size_t v = 0; v < scores.front().variables.size(); ++v) {
    double best = HUGE_VAL, least = HUGE_VAL;
    for (const ValidationScore& score : scores) best = std::min(best, score.variables[v]);
    chosen.push_back(0);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const double distance = std::abs(std::log(scores[i].spread_skill[v]));
      if (!(scores[i].variables[v] <= best * (1 + tolerance) && distance < least)) continue;
      least = distance;
      chosen.back() = i;
    }
  }
  return chosen;
}

std::optional<ValidationScore> left_out_score(const TrialGroups& groups, double tolerance) {
  std::set<int> years;
  for (const MonthScore& month : groups.scales.front().months) years.insert(month.month.year());
  if (years.size() < 2) return std::nullopt;
  std::vector<MonthScore> months;
  for (const int year : years) {
    const std::vector<MonthScore> own = months_by_others(groups, year, tolerance);
    months.insert(months.end(), own.begin(), own.end());
  }
  return validation_score(months);
}

}  // namespace hindscale
