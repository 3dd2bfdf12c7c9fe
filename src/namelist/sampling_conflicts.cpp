// SPDX-License-Identifier: Apache-2.0
// Options of &sampling that are right each for itself and impossible together.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "conflict_report.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {

bool is_changed(const Options& options, const std::string& key) {
  Options copy = options;
  const OptionTable table(copy);
  const OptionRow* row = table.find(key);
  return text_of(row->value()) != text_of(row->default_value);
}

namespace {

void check_levels(const Options& options, ConflictReport& report) {
  const std::int64_t n_levels = options.diffusion.timesteps;
  const SamplingOptions& sampling = options.sampling;
  const bool by_time = visits_training_levels(sampling, options.diffusion.schedule);
  const bool leaps = sampling.sampler == "heun" || sampling.sampler == "euler_maruyama";
  if (sampling.spacing == "time" && options.diffusion.schedule == "cosine" && leaps)
    report.add("sampling/spacing", {"sampling/sampler"},
               fmt::format("sampling/sampler is '{}'", sampling.sampler),
               "the first level of schedule 'cosine' is too noisy for it: use spacing = 'rho'");
  const std::pair<const char*, std::int64_t> steps[] = {
      {"sampling/steps", options.sampling.steps},
      {"training/validation_steps", options.training.validation_steps}};
  for (const auto& [key, n] : steps) {
    if (by_time && n > n_levels)
      report.add(key, {"diffusion/timesteps"}, fmt::format("diffusion/timesteps is {}", n_levels),
                 "take no more steps than there are noise levels");
  }
  for (const std::int64_t n : options.calibration.steps) {
    if (by_time && n > n_levels && is_changed(options, "calibration/steps"))
      report.add("calibration/steps", {"diffusion/timesteps"},
                 fmt::format("diffusion/timesteps is {}", n_levels),
                 "take no more steps than there are noise levels");
  }
  for (const char* key : {"diffusion/p_mean", "diffusion/p_std"}) {
    if (is_changed(options, key) && options.diffusion.schedule != "edm")
      report.add(key, {"diffusion/schedule"},
                 fmt::format("diffusion/schedule is '{}'", options.diffusion.schedule),
                 "it is for schedule = 'edm'");
  }
  for (const char* key : {"sampling/sigma_range", "sampling/rho"}) {
    if (is_changed(options, key) && by_time)
      report.add(key, {"sampling/spacing"}, "the levels are those of training",
                 "set sampling/spacing = 'rho'");
  }
  if (options.sampling.sigma_range.at(0) >= options.sampling.sigma_range.at(1))
    report.add("sampling/sigma_range", {}, "the first is the least", "give the smaller one first");
  if (options.sampling.churn_range.at(0) >= options.sampling.churn_range.at(1))
    report.add("sampling/churn_range", {}, "the first is the least", "give the smaller one first");
}

/// An option that only some samplers know.
void check_use(const Options& options, const char* key, const std::set<std::string>& samplers,
               ConflictReport& report) {
  if (!is_changed(options, key) || samplers.count(options.sampling.sampler) != 0) return;
  report.add(key, {"sampling/sampler"},
             fmt::format("sampling/sampler is '{}'", options.sampling.sampler),
             fmt::format("it is for sampler = '{}'", fmt::join(samplers, "' or '")));
}

/// Fresh noise in a sampler is Gaussian: it fits no other law of the noise in training.
void check_noise(const Options& options, ConflictReport& report) {
  const char* key = "diffusion/noise_degrees_of_freedom";
  const double degrees = options.diffusion.noise_degrees_of_freedom;
  if (degrees == 0) return;
  const std::string why = fmt::format("{} is {}, and its fresh noise is Gaussian", key, degrees);
  const std::string advice = "take 'multistep', 'dpmpp_2m', 'dpmpp_2s', 'heun' or 'adaptive'";
  if (degrees <= 2)
    report.add(key, {}, "such a law has no variance",
               "choose more than 2, or 0 for Gaussian noise");
  const std::set<std::string> stochastic{"ddpm", "euler_maruyama", "predictor_corrector"};
  if (stochastic.contains(options.sampling.sampler))
    report.add("sampling/sampler", {key}, why, advice);
  for (const std::string& sampler : options.calibration.samplers)
    if (stochastic.contains(sampler)) {
      report.add("calibration/samplers", {key}, why, advice);
      break;
    }
  if (options.sampling.sampler == "ddim" && options.sampling.eta > 0)
    report.add("sampling/eta", {key}, why, "set eta = 0");
  if (options.sampling.churn > 0) report.add("sampling/churn", {key}, why, "set churn = 0");
  const auto is_positive = [](double value) { return value > 0; };
  if (std::ranges::any_of(options.calibration.etas, is_positive))
    report.add("calibration/etas", {key}, why, "set etas = 0");
  if (std::ranges::any_of(options.calibration.churns, is_positive))
    report.add("calibration/churns", {key}, why, "set churns = 0");
}

}  // namespace

void check_sampling(const Options& options, ConflictReport& report) {
  const SamplingOptions& sampling = options.sampling;
  check_levels(options, report);
  check_noise(options, report);
  check_use(options, "sampling/eta", {"ddim", "predictor_corrector"}, report);
  for (const char* key : {"sampling/churn", "sampling/churn_range", "sampling/churn_noise"})
    check_use(options, key, {"euler", "heun"}, report);
  for (const char* key : {"sampling/corrections", "sampling/corrector", "sampling/corrector_size"})
    check_use(options, key, {"predictor_corrector"}, report);
  check_use(options, "sampling/tolerance", {"adaptive"}, report);
  const std::size_t n_scales = sampling.noise_scale.size();
  if (n_scales != 0 && n_scales != options.dataset.variables.size())
    report.add(
        "sampling/noise_scale", {"dataset/variables"},
        fmt::format("{} numbers for {} variables", n_scales, options.dataset.variables.size()),
        "give one for each variable, or none");
}

}  // namespace hindscale
