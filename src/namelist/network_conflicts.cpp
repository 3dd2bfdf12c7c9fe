// SPDX-License-Identifier: Apache-2.0
// Options of &model, &training and &gan that are right each for itself and impossible together.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "conflict_report.hpp"
#include "hindscale/namelist/option_table.hpp"

namespace hindscale {
namespace {

void check_custom(const Options& options, ConflictReport& report) {
  ModelOptions model = options.model;
  OptionTable table;
  table.group("model", model, "");
  // The latter is off in every preset, and was not there in namelists of earlier versions.
  const std::set<std::string> needless{"preset", "two_grid_waves"};
  for (const OptionRow& row : table.rows())
    if (!needless.contains(row.key) && !model.given.contains(row.key))
      report.add(row.name(), {"model/preset"}, "the value of another preset; 'custom' has none",
                 "set it");
}

void check_network(const Options& options, ConflictReport& report) {
  const ModelOptions& model = options.model;
  const auto n_levels = static_cast<std::int64_t>(model.multipliers.size());
  if (model.preset == "custom") check_custom(options, report);
  if (n_levels < 1 || n_levels > 16) {
    report.add("model/multipliers", {}, fmt::format("{} levels", n_levels),
               "write 1 to 16 numbers");
    return;
  }
  if (model.channels % model.groups != 0)
    report.add("model/groups", {"model/channels"},
               fmt::format("does not divide {} channels", model.channels),
               "choose a divisor of the channels");
  for (const std::int64_t level : model.attention)
    if (level >= n_levels)
      report.add("model/attention", {"model/multipliers"},
                 fmt::format("there are {} levels, 0 to {}", n_levels, n_levels - 1),
                 "choose among them");
  const std::int64_t divisor = std::int64_t{1} << (n_levels - 1);
  const auto check_size = [&](const std::string& key, const std::vector<std::int64_t>& sizes) {
    for (const std::int64_t size : sizes)
      if (size % divisor != 0) {
        report.add(key, {"model/multipliers", "model/preset"},
                   fmt::format("the network halves the grid {} times", n_levels - 1),
                   fmt::format("choose multiples of {}", divisor));
        break;
      }
  };
  check_size("training/patch_size", options.training.patch_size);
  check_size("tiling/size", options.tiling.size);
}

void check_edsr(const Options& options, ConflictReport& report) {
  const ModelOptions& model = options.model;
  if (model.preset != "edsr") return;
  const auto refuse = [&](const std::string& key, const std::string& advice) {
    report.add(key, {"model/preset"}, "model/preset is 'edsr', which has none", advice);
  };
  if (std::ranges::any_of(model.multipliers, [](std::int64_t m) { return m != 1; }))
    report.add("model/multipliers", {"model/preset"}, "an EDSR is equally wide everywhere",
               "write ones, as many as there are levels");
  if (!model.attention.empty()) refuse("model/attention", "leave it out");
  if (model.attention_middle) refuse("model/attention_middle", "leave it out");
  if (model.two_grid_waves) refuse("model/two_grid_waves", "leave it out");
  if (model.dropout > 0) refuse("model/dropout", "leave it out");
  if (options.training.recompute) refuse("training/recompute", "leave it out");
  if (!options.training.is_deterministic())
    report.add("training/stage", {"model/preset"},
               "model/preset is 'edsr', a network that knows no noise levels",
               "set stage = 'gan' or 'regression'");
}

void check_gan(const Options& options, ConflictReport& report) {
  if (options.training.stage == "gan") {
    if (options.gan.start >= options.training.steps)
      report.add("gan/start", {"training/steps"},
                 fmt::format("training/steps is {}", options.training.steps),
                 "the discriminator must take part in some of the steps");
    return;
  }
  Options copy = options;
  OptionTable table;
  table.group("gan", copy.gan, "");
  for (const OptionRow& row : table.rows())
    if (is_changed(options, row.name()))
      report.add(row.name(), {"training/stage"},
                 fmt::format("training/stage is '{}'", options.training.stage),
                 "it is for stage = 'gan'");
}

void check_training(const Options& options, ConflictReport& report) {
  const TrainingOptions& training = options.training;
  if (training.warmup > training.steps)
    report.add("training/warmup", {"training/steps"},
               fmt::format("training/steps is {}", training.steps),
               "the warm-up must not be longer than the training");
  if (training.batch % training.accumulation != 0)
    report.add("training/accumulation", {"training/batch"},
               fmt::format("training/batch is {}", training.batch),
               "choose a divisor of the batch");
  if (training.fold > training.folds)
    report.add("training/fold", {"training/folds"},
               fmt::format("training/folds is {}", training.folds), "choose a fold from 1 to that");
  const auto& years = options.dataset.train_years;
  if (training.folds == 1 || (years.size() == 2 && training.folds > years[1] - years[0] + 1))
    report.add("training/folds", {"dataset/train_years"},
               "each fold needs a year, and the others one to learn from",
               "choose from 2 to the number of training years");
}

}  // namespace

void check_networks(const Options& options, ConflictReport& report) {
  check_network(options, report);
  check_edsr(options, report);
  check_gan(options, report);
  check_training(options, report);
}

}  // namespace hindscale
