// SPDX-License-Identifier: Apache-2.0
// Options of &sampling that are right each for itself and impossible together.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <utility>

#include "conflict_report.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {
namespace {

/// Whether an option has another value than its default.
bool is_changed(const Options& options, const std::string& key) {
  Options copy = options;
  const OptionTable table(copy);
  const OptionRow* row = table.find(key);
  return text_of(row->value()) != text_of(row->default_value);
}

/// Whether a sampler visits the levels of training, as spacing_of decides it.
bool steps_by_time(const Options& options) {
  const std::string& schedule = options.diffusion.schedule;
  const std::string& spacing = options.sampling.spacing;
  return spacing == "time" || (spacing == "auto" && (schedule == "cosine" || schedule == "vp"));
}

void check_levels(const Options& options, ConflictReport& report) {
  const std::int64_t n_levels = options.diffusion.timesteps;
  const std::pair<const char*, std::int64_t> steps[] = {
      {"sampling/steps", options.sampling.steps},
      {"training/validation_steps", options.training.validation_steps}};
  for (const auto& [key, n] : steps) {
    if (steps_by_time(options) && n > n_levels)
      report.add(key, {"diffusion/timesteps"}, fmt::format("diffusion/timesteps is {}", n_levels),
                 "take no more steps than there are noise levels");
  }
  for (const char* key : {"sampling/sigma_range", "sampling/rho"}) {
    if (is_changed(options, key) && steps_by_time(options))
      report.add(key, {"sampling/spacing"}, "the levels are those of training",
                 "set sampling/spacing = 'rho'");
  }
  if (options.sampling.sigma_range.at(0) >= options.sampling.sigma_range.at(1))
    report.add("sampling/sigma_range", {}, "the first is the least", "give the smaller one first");
}

/// An option that only some samplers know.
void check_use(const Options& options, const char* key, const std::set<std::string>& samplers,
               ConflictReport& report) {
  if (!is_changed(options, key) || samplers.count(options.sampling.sampler) != 0) return;
  report.add(key, {"sampling/sampler"},
             fmt::format("sampling/sampler is '{}'", options.sampling.sampler),
             fmt::format("it is for sampler = '{}'", fmt::join(samplers, "' or '")));
}

}  // namespace

void check_sampling(const Options& options, ConflictReport& report) {
  const SamplingOptions& sampling = options.sampling;
  check_levels(options, report);
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
