// SPDX-License-Identifier: Apache-2.0
// Checkpoint and validation months -> the sampler, its steps and its noise.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "calibration_trials.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace {

/// The years that the choice is made on.
std::string years_of(const Trial& trial) {
  std::set<int> years;
  for (const MonthScore& month : trial.months) years.insert(month.month.year());
  return fmt::format("{}", fmt::join(years, ", "));
}

/// What was found, and what it is worth.
struct Calibration {
  Trial chosen;
  std::optional<ValidationScore> left_out;  ///< of years that had no say in their sampling; NaN
                                            ///< where the others' choice diverges in one
};

/// &sampling of the choice: its options and whatever else the namelist sets there that the chosen
/// sampler knows.
std::string fragment_of(const Calibration& found, const Options& options) {
  Options own = options;
  set_sampling(found.chosen, own);
  std::string text = fmt::format(
      "! Found by 'hindscale calibrate' on {}: CRPS / MAE of Lerp {:.4f}, spread / skill {:.3f}\n",
      years_of(found.chosen), found.chosen.score.score,
      fmt::join(found.chosen.score.spread_skill, ", "));
  if (found.left_out && std::isfinite(found.left_out->score)) {
    text += fmt::format(
        "! Years sampled as the others would choose: CRPS / MAE of Lerp {:.4f}, spread / skill "
        "{:.3f}\n",
        found.left_out->score, fmt::join(found.left_out->spread_skill, ", "));
  }
  text += "&sampling\n";
  const std::set<std::string> chosen{"sampler", "steps", "noise_scale"};
  const OptionTable table(own);
  Problems problems;
  check_conflicts(own, problems);
  for (const OptionRow& row : table.rows()) {
    if (row.key == "steps" && is_adaptive(found.chosen)) continue;
    const bool is_kept = text_of(row.value()) != text_of(row.default_value) &&
                         !problems.concern("sampling/" + row.key);
    if (row.group == "sampling" && (chosen.contains(row.key) || is_kept))
      text += fmt::format("  {} = {}\n", row.key, text_of(row.value()));
  }
  return text + "/\n";
}

std::string overrides_of(const Trial& chosen) {
  const std::string steps = is_adaptive(chosen) ? fmt::format("tolerance={}", chosen.tolerance)
                                                : fmt::format("steps={}", chosen.steps);
  return fmt::format(
      "sampling/sampler='{}' sampling/{} sampling/eta={} sampling/churn={} sampling/noise_scale={}",
      chosen.sampler, steps, chosen.eta, chosen.churn, fmt::join(chosen.noise_scale, ","));
}

nlohmann::json json_of(const ValidationScore& score) {
  return {{"crps_over_lerp_mae", score.score},
          {"crps_over_lerp_mae_by_variable", score.variables},
          {"spread_skill", score.spread_skill}};
}

nlohmann::json json_of(const Trial& trial) {
  nlohmann::json json{
      {"sampler", trial.sampler},
      {"steps", is_adaptive(trial) ? nlohmann::json() : nlohmann::json(trial.steps)},
      {"eta", trial.eta},
      {"churn", trial.churn},
      {"tolerance", is_adaptive(trial) ? nlohmann::json(trial.tolerance) : nlohmann::json()},
      {"noise_scale", trial.noise_scale},
      {"evaluations", trial.evaluations}};
  json.update(json_of(trial.score));
  return json;
}

/// calibration.json, calibration.nml, and the latter on the screen.
void write_choice(const Options& options, const std::vector<TrainedNetwork>& networks,
                  const std::vector<Trial>& trials, const Calibration& found) {
  const std::filesystem::path folder = options.experiment.directory;
  nlohmann::json tried = nlohmann::json::array(), checkpoints = nlohmann::json::array();
  for (const Trial& trial : trials) tried.push_back(json_of(trial));
  for (const TrainedNetwork& trained : networks) checkpoints.push_back(trained.checkpoint_sha256);
  nlohmann::json json{{"checkpoints_sha256", checkpoints},
                      {"years", years_of(found.chosen)},
                      {"tried", tried},
                      {"chosen", json_of(found.chosen)},
                      {"left_out", nullptr}};
  if (found.left_out) json["left_out"] = json_of(*found.left_out);
  commit_text(folder / "calibration.json", json.dump(1) + "\n");
  commit_text(folder / "calibration.nml", fragment_of(found, options));
  std::fputs(fragment_of(found, options).c_str(), stdout);
  std::fflush(stdout);
}

/// The network of the experiment, or those of its folds.
std::vector<TrainedNetwork> load_networks(const Options& options, const StoreReader& reader,
                                          const std::string& store_sha256) {
  std::vector<TrainedNetwork> networks;
  Options own = options;
  if (options.training.folds > 0 && !options.reconstruct.checkpoint.empty()) {
    ErrorFacts facts = options.at("reconstruct/checkpoint");
    facts.problem = "one checkpoint for several folds";
    facts.value = options.reconstruct.checkpoint;
    facts.advice = "leave it out: the best of each fold is taken";
    throw InputError(facts);
  }
  const std::int64_t n_folds = options.training.folds;
  for (std::int64_t fold = n_folds > 0 ? 1 : 0; fold <= n_folds; ++fold) {
    own.training.fold = fold;
    networks.push_back(load_trained_network(own, reader, store_sha256));
    const TrainedNetwork& trained = networks.back();
    if (trained.diffusion.prediction == name_of(Prediction::mean))
      throw InputError({.problem = "a network of the mean has no spread to calibrate",
                        .value = trained.checkpoint.string(),
                        .key = "reconstruct/checkpoint"});
    const StoreContent& content = trained.conditioning->content();
    if (fold > 0 && content.left_out != years_of_fold(content.train, n_folds, fold))
      throw InputError({.problem = "the network of a fold left out other years",
                        .value = trained.checkpoint.string(),
                        .why = fmt::format("{}", fmt::join(content.left_out, ", ")),
                        .advice = "train the folds with the same training/folds",
                        .key = "training/folds"});
    if (content.months_to_validate().empty())
      throw InputError({.problem = "the sample store holds no validation months",
                        .advice = "prepare it with dataset/validation_years",
                        .key = "dataset/validation_years"});
  }
  return networks;
}

/// All samplers and steps that are asked for, each with the noise parameter it knows.
std::vector<Trial> ways_to_sample(const Options& options) {
  std::vector<Trial> ways;
  const CalibrationOptions& calibration = options.calibration;
  const SamplingOptions& own = options.sampling;
  const std::vector<double> none{0};
  const auto etas = calibration.etas.empty() ? std::vector{own.eta} : calibration.etas;
  const auto churns = calibration.churns.empty() ? std::vector{own.churn} : calibration.churns;
  const auto tolerances =
      calibration.tolerances.empty() ? std::vector{own.tolerance} : calibration.tolerances;
  for (const std::string& sampler : calibration.samplers) {
    const bool has_eta = sampler == "ddim" || sampler == "predictor_corrector";
    const bool has_churn = sampler == "euler" || sampler == "heun";
    const bool chooses_steps = sampler == "adaptive";
    for (const std::int64_t steps : chooses_steps ? std::vector{own.steps} : calibration.steps)
      for (const double eta : has_eta ? etas : none)
        for (const double churn : has_churn ? churns : none)
          for (const double tolerance : chooses_steps ? tolerances : none)
            ways.push_back({sampler, steps, eta, churn, tolerance});
  }
  return ways;
}

/// Every way with every noise; then the noise of each variable for the way chosen, all together.
/// Collective.
Calibration calibrate(const Options& options, std::size_t n_variables, Trials& trials) {
  const std::vector<double>& asked = options.calibration.noise_scales;
  const std::vector<double> noises = asked.empty() ? std::vector{1.0} : asked;
  std::vector<WayTrials> tried;
  for (Trial way : ways_to_sample(options)) {
    tried.emplace_back();
    for (const double noise : noises) {
      way.noise_scale.assign(n_variables, noise);
      tried.back().push_back(trials.run(way));
    }
  }
  const double tolerance = options.calibration.tolerance;
  const SamplingChoice choice = choose_sampling(tried, tolerance, [](int) { return true; });
  const WayTrials& way = tried[choice.i_way];
  const auto left_out = left_out_score(tried, tolerance);
  const std::set<std::size_t> different(choice.i_noise.begin(), choice.i_noise.end());
  if (different.size() == 1) return {way[*different.begin()], left_out};
  const Trial& like = way.front();
  Trial together{like.sampler, like.steps, like.eta, like.churn, like.tolerance};
  for (const std::size_t i : choice.i_noise) together.noise_scale.push_back(noises[i]);
  return {trials.run(together), left_out};
}

}  // namespace

ExitCode run_calibrate(const Context& context, const Options& options) {
  set_threads(static_cast<int>(options.experiment.threads));

  // 1. The networks and the months they did not see.
  const StageLock lock(context, options.experiment.directory);
  std::optional<StoreReader> store;
  std::vector<TrainedNetwork> networks;
  together(context.comm, [&] { store.emplace(options.store_path()); });
  const std::string digest = digests_of(context.comm, {options.store_path().string()}).front();
  together(context.comm, [&] { networks = load_networks(options, *store, digest); });

  // 2. Ways to sample, and the choice among them.
  Trials trials(context, options, networks, *store);
  const Calibration found =
      calibrate(options, networks.front().conditioning->content().n_variables(), trials);
  if (!std::isfinite(found.chosen.score.score))
    throw InputError({.problem = "the noise chosen for each variable diverges for all together",
                      .value = fmt::format("{}", fmt::join(found.chosen.noise_scale, ", ")),
                      .advice = "leave out the largest",
                      .key = "calibration/noise_scales"});

  // 3. The choice as a namelist fragment, and what was tried.
  if (!found.left_out)
    context.log.warn(
        "all months are of one year: what the choice is worth on other years is not known; more "
        "dataset/validation_years, or training/folds, would tell");
  together(context.comm, [&] {
    if (context.comm.is_root()) write_choice(options, networks, trials.all(), found);
  });
  context.log.info("the same for the command line: {}", overrides_of(found.chosen));
  return ExitCode::done;
}

}  // namespace hindscale
