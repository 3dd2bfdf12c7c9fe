// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/initial_weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
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
      "attention_levels", "attention_middle", "time_channels", "groups", "upsampling",
      "two_grid_waves"}},
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
  if (more.empty() && less.empty()) return there.dump() + " there, " + here.dump() + " here";
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

bool has_same_store(const Json& state, const Json& now) {
  return state.value("store", Json()) == now.at("store");
}

/// Years that the network of a checkpoint has learnt from, and those it began with.
struct Seen {
  std::set<int> years{};
  bool are_all = true;  ///< else a checkpoint, of an older program, does not tell its own
};

Seen years_seen(const Json& state, const Json& now) {
  Seen seen;
  seen.are_all = state.contains("years") || has_same_store(state, now);
  if (seen.are_all) {
    const Json& years = state.contains("years") ? state.at("years") : now.at("years");
    for (int year = years.at("train").at(0); year <= years.at("train").at(1); ++year)
      seen.years.insert(year);
    for (const int year : state.value("left_out", std::vector<int>{})) seen.years.erase(year);
  }
  if (!state.contains(begun_with)) return seen;
  const Json& before = state.at(begun_with);
  for (const int year : before.value("years", std::vector<int>{})) seen.years.insert(year);
  seen.are_all = seen.are_all && before.value("are_all_years", true);
  return seen;
}

/// A fold must not have seen the years it leaves out; where they were those of another store, and
/// where years of validation or test were seen, that is told.
void check_years(const Context& context, const Json& state, const Json& now,
                 const std::set<int>& seen, const std::string& folder) {
  const auto tell = [&](const char* kind, const std::vector<int>& years) {
    if (!years.empty())
      context.log.warn("the network to begin with has seen {} years of this experiment: {}", kind,
                       fmt::join(years, ", "));
  };
  std::vector<int> fold;
  for (const int year : now.at("left_out").get<std::vector<int>>())
    if (seen.contains(year)) fold.push_back(year);
  if (!fold.empty() && has_same_store(state, now)) {
    throw InputError(
        {.problem = "the network to begin with has seen years that this fold leaves out",
         .value = folder,
         .why = fmt::format("{}", fmt::join(fold, ", ")),
         .advice = "begin with one that left them out, too",
         .key = option_key});
  }
  tell("left-out", fold);
  for (const char* period : {"validation", "test"}) {
    const auto years = now.at("years").at(period).get<std::array<int, 2>>();
    tell(period, {seen.lower_bound(years[0]), seen.upper_bound(years[1])});
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
    const Seen seen = years_seen(content.state, description);
    check_years(context, content.state, description, seen.years, folder);
    if (!seen.are_all)
      context.log.warn("{} does not tell all years that its network has seen", folder);
    trainer.begin_with(content);
    description[begun_with] = {{"checkpoint", folder},
                               {"sha256", checkpoint_digest(folder)},
                               {"years", seen.years},
                               {"are_all_years", seen.are_all}};
  });
  context.log.info("beginning with the weights of {}", folder);
}

}  // namespace hindscale
