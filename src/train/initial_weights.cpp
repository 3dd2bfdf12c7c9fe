// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/initial_weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/train/training_state.hpp"

namespace hindscale {
namespace {

constexpr const char* option_key = "training/initial_weights";

using Json = nlohmann::json;

/// Groups of a description with the entries that matter; without any: the whole.
const std::vector<std::pair<std::string, std::vector<std::string>>> task{
    {"network",
     {"architecture", "in_channels", "out_channels", "channels", "multipliers", "residual_blocks",
      "attention_levels", "attention_middle", "time_channels", "groups", "upsampling"}},
    {"diffusion", {"target", "base", "scaling"}},
    {"variables", {}},
    {"transforms", {}},
    {"channels", {}}};

/// Of two lists of names, those that one of them lacks.
std::string text_of_lists(const Json& there, const Json& here) {
  const auto beyond = [](const Json& some, const Json& others) {
    std::vector<std::string> names;
    for (const Json& name : some)
      if (std::ranges::find(others, name) == others.end()) names.push_back(name.dump());
    return fmt::format("{}", fmt::join(names, ", "));
  };
  const std::string more = beyond(there, here), less = beyond(here, there);
  if (more.empty() && less.empty()) return "in another order";
  return fmt::format("{}{}{}", more.empty() ? "" : more + " there alone",
                     more.empty() || less.empty() ? "" : ", ",
                     less.empty() ? "" : less + " here alone");
}

void compare(const std::string& name, const Json& there, const Json& here,
             std::vector<std::string>& differences) {
  if (there == here) return;
  const bool are_names =
      there.is_array() && here.is_array() && !here.empty() && here[0].is_string();
  differences.push_back(name + ": " +
                        (are_names ? text_of_lists(there, here)
                                   : fmt::format("{} there, {} here", there.dump(), here.dump())));
}

/// Years of a period that the network of a checkpoint has learnt from.
std::vector<int> years_seen(const Json& state, int first, int last) {
  const auto train = state.at("years").at("train").get<std::array<int, 2>>();
  const auto left_out = state.value("left_out", std::vector<int>{});
  std::vector<int> seen;
  for (int year = std::max(first, train[0]); year <= std::min(last, train[1]); ++year)
    if (std::ranges::count(left_out, year) == 0) seen.push_back(year);
  return seen;
}

/// What is wrong with the years it learnt from is an error where a fold of the same store leaves
/// them out, and a warning elsewhere.
void check_years(const Context& context, const Json& state, const Json& now,
                 const std::string& folder) {
  if (!state.contains("years")) {
    context.log.warn("{} does not tell which years its network has seen", folder);
    return;
  }
  std::vector<int> fold;
  for (const int year : now.at("left_out").get<std::vector<int>>())
    std::ranges::copy(years_seen(state, year, year), std::back_inserter(fold));
  if (!fold.empty() && state.at("store") == now.at("store")) {
    throw InputError(
        {.problem = "the network to begin with has seen years that this fold leaves out",
         .value = folder,
         .why = fmt::format("{}", fmt::join(fold, ", ")),
         .advice = "begin with one that left them out, too",
         .key = option_key});
  }
  for (const char* period : {"validation", "test"}) {
    const auto years = now.at("years").at(period).get<std::array<int, 2>>();
    const std::vector<int> seen = years_seen(state, years[0], years[1]);
    if (!seen.empty())
      context.log.warn("the network to begin with has seen {} years of this experiment: {}", period,
                       fmt::join(seen, ", "));
  }
}

}  // namespace

std::filesystem::path initial_checkpoint(const TrainingOptions& training) {
  const std::filesystem::path named = training.initial_weights;
  if (std::filesystem::exists(named / "best.json")) return best_checkpoint(named);
  if (std::filesystem::exists(named / "state.json")) return named;
  throw InputError({.problem = "no checkpoints in",
                    .value = named.string(),
                    .why = "there is neither a best.json nor a state.json",
                    .advice = "name the folder of a training's checkpoints, as "
                              "'runs/mine/checkpoints', or one of them",
                    .key = option_key});
}

void require_same_task(const Json& state, const Json& now, const std::filesystem::path& folder) {
  std::vector<std::string> differences;
  for (const auto& [group, entries] : task) {
    if (!now.contains(group)) continue;
    const Json there = state.value(group, Json::object());
    const Json& here = now.at(group);
    if (entries.empty()) compare(group, there, here, differences);
    for (const std::string& entry : entries)
      compare(group + "/" + entry, there.value(entry, Json()), here.value(entry, Json()),
              differences);
  }
  if (differences.empty()) return;
  throw InputError({.problem = "the network to begin with was made for something else",
                    .value = folder.string(),
                    .why = fmt::format("{}", fmt::join(differences, "; ")),
                    .advice = "set &model, &diffusion and &dataset as they were there",
                    .key = option_key});
}

void begin_with_others(const Context& context, const TrainingOptions& training, Json& description,
                       Trainer& trainer) {
  if (training.initial_weights.empty()) return;
  std::string folder;  // that all ranks read, even if a better one appears meanwhile
  together(context.comm, [&] {
    if (context.comm.is_root()) folder = initial_checkpoint(training).string();
  });
  folder = broadcast(context.comm, folder);
  together(context.comm, [&] {
    const CheckpointContent content = read_checkpoint(folder, CheckpointParts::model_only);
    require_same_task(content.state, description, folder);
    check_years(context, content.state, description, folder);
    trainer.begin_with(content);
    description[begun_with] = {{"checkpoint", folder}, {"sha256", checkpoint_digest(folder)}};
  });
  context.log.info("beginning with the weights of {}", folder);
}

}  // namespace hindscale
