// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/initial_weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using Years = std::vector<int>;

/// Years that the new training leaves out and the other one, from the same store, did not.
Years years_seen(const nlohmann::json& then, const nlohmann::json& now) {
  Years seen;
  if (then.value("store", nlohmann::json()) != now.at("store")) return seen;
  const Years left_out = then.value("left_out", Years{});
  for (const int year : now.at("left_out").get<Years>())
    if (std::ranges::count(left_out, year) == 0) seen.push_back(year);
  return seen;
}

}  // namespace

InitialWeights read_initial_weights(const Options& options, const nlohmann::json& description) {
  const auto folder = best_checkpoint(options.training.initial_weights);
  InitialWeights weights{.content = read_checkpoint(folder, CheckpointParts::model_only),
                         .checkpoint_sha256 = checkpoint_digest(folder)};
  const nlohmann::json& then = weights.content.state;
  for (const char* key : {"variables", "channels", "network"}) {
    const nlohmann::json there = then.value(key, nlohmann::json());
    if (there == description.at(key)) continue;
    throw InputError(
        {.problem = fmt::format("the training to begin with has other {}",
                                std::string(key) == "network" ? "layers" : key),
         .value = folder.string(),
         .why = fmt::format("{} there, {} here", there.dump(), description.at(key).dump()),
         .advice = "set &model and dataset/variables as they were there",
         .key = initial_weights_key});
  }
  const Years seen = years_seen(then, description);
  if (!seen.empty()) {
    throw InputError(
        {.problem = "the training to begin with has seen years that this one leaves out",
         .value = folder.string(),
         .why = fmt::format("{}", fmt::join(seen, ", ")),
         .advice = "begin with a training that left them out, too",
         .key = initial_weights_key});
  }
  return weights;
}

}  // namespace hindscale
