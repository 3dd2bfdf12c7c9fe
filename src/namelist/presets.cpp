// SPDX-License-Identifier: Apache-2.0
// Defaults that depend on other options: the presets of the network, the warm-up, the quantiles.
#include "presets.hpp"

#include <algorithm>

#include "hindscale/namelist/option_table.hpp"

namespace hindscale {
namespace {

// The published network of the diffusion probabilistic downscaling model: 11.1 M parameters at one
// variable.
ModelOptions published_model() {
  ModelOptions model;
  model.channels = 64;
  model.multipliers = {1, 1, 2, 4};
  model.attention = {2, 3};
  model.attention_middle = true;
  model.groups = 32;
  model.season = model.position = model.climatology = model.base = false;
  return model;
}

// The baseline of Lim et al. 2017, its blocks on a grid of half the resolution.
ModelOptions edsr_model() {
  ModelOptions model;
  model.channels = 64;
  model.multipliers = {1, 1};
  model.residual_blocks = 16;
  model.dropout = 0;
  return model;
}

ModelOptions preset_of(const std::string& name) {
  if (name == "dpdm") return published_model();
  return name == "edsr" ? edsr_model() : ModelOptions();
}

OptionTable rows_of(ModelOptions& model) {
  OptionTable table;
  table.group("model", model, "");
  return table;
}

}  // namespace

ModelOptions resolved(const ModelOptions& model) {
  if (model.preset == "custom") return model;
  ModelOptions result = model;
  ModelOptions preset = preset_of(model.preset);
  const OptionTable to = rows_of(result);
  const OptionTable from = rows_of(preset);
  for (std::size_t i = 0; i < to.rows().size(); ++i) {
    const OptionRow& row = to.rows()[i];
    const bool is_explicit =
        row.key == "preset" || model.given.contains(row.key) || row.value() != row.default_value;
    if (!is_explicit) row.assign(from.rows()[i].value());
  }
  return result;
}

void resolve_defaults(Options& options) {
  for (const auto& [name, place] : options.places)
    if (name.starts_with("model/")) options.model.given.insert(name.substr(name.find('/') + 1));
  options.model = resolved(options.model);
  if (!options.is_set("training/warmup"))
    options.training.warmup = std::min(options.training.warmup, options.training.steps);
  if (!options.is_set("diffusion/consistency") && options.domain.coarse == "file")
    options.diffusion.consistency = "report";
  if (!options.is_set("output/quantiles") && !(options.output.members && options.output.statistics))
    options.output.quantiles.clear();
}

}  // namespace hindscale
