// SPDX-License-Identifier: Apache-2.0
// Checkpoint and validation months -> the sampler, its steps and its noise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"
#include "hindscale/train/validation.hpp"
#include "stage_support.hpp"
#include "trained_network.hpp"

namespace hindscale {
namespace {

/// A way to sample, and how it scored.
struct Trial {
  std::string sampler;
  std::int64_t steps = 0;
  std::vector<double> noise_scale;
  std::int64_t evaluations = 0;
  ValidationScore score;
};

/// Tries ways to sample one network, all on the same months, members and noise.
class Trials {
 public:
  Trials(const Context& context, const Options& options, const TrainedNetwork& trained,
         const StoreReader& reader)
      : options_(options),
        trained_(trained),
        validator_(context, validation_of(options), reader, *trained.conditioning, trained.mean),
        log_(context.log) {}

  const Trial& run(const std::string& sampler, std::int64_t steps,
                   const std::vector<double>& noise_scale) {
    Options own = options_;
    own.sampling.sampler = sampler;
    own.sampling.steps = steps;
    own.sampling.noise_scale = noise_scale;
    GeneratorOptions generator = generator_options(own, trained_.diffusion);
    generator.purpose = Purpose::validation_noise;
    const std::int64_t evaluations = evaluations_of(generator.sampler, steps);
    all_.push_back(
        {sampler, steps, noise_scale, evaluations, validator_.score(trained_.network, generator)});
    const Trial& trial = all_.back();
    log_.info("{}, {} steps, noise {}: CRPS / MAE of Lerp {:.4f}, spread / skill {:.3f}", sampler,
              steps, fmt::join(noise_scale, ", "), trial.score.score,
              fmt::join(trial.score.spread_skill, ", "));
    return trial;
  }
  [[nodiscard]] const std::vector<Trial>& all() const { return all_; }

 private:
  static Options validation_of(Options options) {
    options.training.validation_members = options.calibration.members;
    options.training.validation_months = options.calibration.months;
    return options;
  }
  const Options& options_;
  const TrainedNetwork& trained_;
  CrpsValidator validator_;
  Log log_;
  std::vector<Trial> all_;
};

/// How far the spread is from the skill, over all variables.
double mismatch(const Trial& trial) {
  double sum = 0;
  for (const double ratio : trial.score.spread_skill) sum += std::abs(std::log(ratio));
  return sum;
}

/// Of the trials within the tolerance of the best CRPS, the one of fewest evaluations; among equals
/// the one whose spread is nearest its skill.
Trial cheapest(const std::vector<Trial>& trials, double tolerance) {
  double best = HUGE_VAL;
  for (const Trial& trial : trials)
    if (std::isfinite(trial.score.score)) best = std::min(best, trial.score.score);
  if (best == HUGE_VAL)
    throw InputError({.problem = "no way to sample gave finite fields",
                      .advice = "try other samplers or more steps",
                      .key = "calibration/samplers"});
  std::optional<Trial> chosen;
  for (const Trial& trial : trials) {
    if (!(trial.score.score <= best * (1 + tolerance))) continue;
    const bool better =
        !chosen || trial.evaluations < chosen->evaluations ||
        (trial.evaluations == chosen->evaluations && mismatch(trial) < mismatch(*chosen));
    if (better) chosen = trial;
  }
  return *chosen;
}

/// For each variable the noise whose spread is nearest its skill, among those within the tolerance
/// of its best CRPS.
std::vector<double> best_noise(const std::vector<Trial>& trials, double tolerance) {
  std::vector<double> scales;
  for (std::size_t v = 0; v < trials.front().score.variables.size(); ++v) {
    double best = trials.front().score.variables[v];
    for (const Trial& trial : trials) best = std::min(best, trial.score.variables[v]);
    double least = HUGE_VAL, scale = 1;
    for (const Trial& trial : trials) {
      const double distance = std::abs(std::log(trial.score.spread_skill[v]));
      if (!(trial.score.variables[v] <= best * (1 + tolerance) && distance < least)) continue;
      least = distance;
      scale = trial.noise_scale[v];
    }
    scales.push_back(scale);
  }
  return scales;
}

/// &sampling of the choice: its three options and whatever else the namelist sets there.
std::string fragment_of(const Trial& chosen, const Options& options) {
  Options own = options;
  own.sampling.sampler = chosen.sampler;
  own.sampling.steps = chosen.steps;
  own.sampling.noise_scale = chosen.noise_scale;
  std::string text = fmt::format(
      "! Found by 'hindscale calibrate' on {} to {}: CRPS / MAE of Lerp {:.4f}, spread / skill "
      "{:.3f}\n&sampling\n",
      options.dataset.validation_years.at(0), options.dataset.validation_years.at(1),
      chosen.score.score, fmt::join(chosen.score.spread_skill, ", "));
  const OptionTable table(own);
  for (const OptionRow& row : table.rows()) {
    const bool is_chosen = row.key == "sampler" || row.key == "steps" || row.key == "noise_scale";
    if (row.group == "sampling" &&
        (is_chosen || text_of(row.value()) != text_of(row.default_value)))
      text += fmt::format("  {} = {}\n", row.key, text_of(row.value()));
  }
  return text + "/\n";
}

nlohmann::json json_of(const Trial& trial) {
  return {{"sampler", trial.sampler},
          {"steps", trial.steps},
          {"noise_scale", trial.noise_scale},
          {"evaluations", trial.evaluations},
          {"crps_over_lerp_mae", trial.score.score},
          {"crps_over_lerp_mae_by_variable", trial.score.variables},
          {"spread_skill", trial.score.spread_skill}};
}

/// calibration.json, calibration.nml, and the latter on the screen.
void write_choice(const Options& options, const TrainedNetwork& trained,
                  const std::vector<Trial>& trials, const Trial& chosen) {
  const std::filesystem::path folder = options.experiment.directory;
  nlohmann::json tried = nlohmann::json::array();
  for (const Trial& trial : trials) tried.push_back(json_of(trial));
  const nlohmann::json json{{"checkpoint_sha256", trained.checkpoint_sha256},
                            {"tried", tried},
                            {"chosen", json_of(chosen)}};
  commit_text(folder / "calibration.json", json.dump(1) + "\n");
  commit_text(folder / "calibration.nml", fragment_of(chosen, options));
  std::fputs(fragment_of(chosen, options).c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

ExitCode run_calibrate(const Context& context, const Options& options) {
  const CalibrationOptions& calibration = options.calibration;
  set_threads(static_cast<int>(options.experiment.threads));

  // 1. The network and the months it did not see.
  const StageLock lock(context, options.experiment.directory);
  std::optional<StoreReader> store;
  std::optional<TrainedNetwork> trained;
  together(context.comm, [&] { store.emplace(options.store_path()); });
  const std::string digest = digests_of(context.comm, {options.store_path().string()}).front();
  together(context.comm, [&] {
    trained.emplace(load_trained_network(options, *store, digest));
    const StoreContent& content = trained->conditioning->content();
    if (trained->diffusion.prediction == name_of(Prediction::mean))
      throw InputError({.problem = "a regression has no spread to calibrate",
                        .value = trained->checkpoint.string(),
                        .key = "reconstruct/checkpoint"});
    if (content.positions(content.validation).empty())
      throw InputError({.problem = "the sample store holds no validation months",
                        .advice = "prepare it with dataset/validation_years",
                        .key = "dataset/validation_years"});
  });
  Trials trials(context, options, *trained, *store);

  // 2. Samplers and steps, with the noise of training.
  const std::size_t n_variables = trained->conditioning->content().n_variables();
  for (const std::string& sampler : calibration.samplers)
    for (const std::int64_t steps : calibration.steps)
      trials.run(sampler, steps, std::vector<double>(n_variables, 1.0));
  const Trial sampler = cheapest(trials.all(), calibration.tolerance);

  // 3. The noise of each variable, for that sampler; then all together.
  std::vector<Trial> scaled{sampler};
  for (const double scale : calibration.noise_scales)
    if (scale != 1)
      scaled.push_back(
          trials.run(sampler.sampler, sampler.steps, std::vector<double>(n_variables, scale)));
  const Trial chosen =
      trials.run(sampler.sampler, sampler.steps, best_noise(scaled, calibration.tolerance));

  // 4. The choice as a namelist fragment, and what was tried.
  together(context.comm, [&] {
    if (context.comm.is_root()) write_choice(options, *trained, trials.all(), chosen);
  });
  context.log.info(
      "the same for the command line: sampling/sampler='{}' sampling/steps={} "
      "sampling/noise_scale={}",
      chosen.sampler, chosen.steps, fmt::join(chosen.noise_scale, ","));
  return ExitCode::done;
}

}  // namespace hindscale
