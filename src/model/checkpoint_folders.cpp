// SPDX-License-Identifier: Apache-2.0
// The folder of checkpoints: newest, best, and removal of old ones.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/model/checkpoint.hpp"

namespace hindscale {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "step_";

fs::path best_file(const fs::path& root) {
  return root / "best.json";
}

/// The number in "step_NNNNNNNN", or nothing for another name.
std::optional<std::int64_t> step_of(const std::string& name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  std::int64_t step = 0;
  const char* end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + prefix.size(), end, step);
  if (error != std::errc{} || stop != end || checkpoint_folder("", step).filename() != name)
    return std::nullopt;
  return step;
}

}  // namespace

std::vector<std::int64_t> checkpoint_steps(const fs::path& root) {
  std::vector<std::int64_t> steps;
  if (!fs::is_directory(root)) return steps;
  for (const auto& entry : fs::directory_iterator(root)) {
    const auto step = step_of(entry.path().filename().string());
    if (step && entry.is_directory()) steps.push_back(*step);
  }
  std::ranges::sort(steps);
  return steps;
}

std::optional<fs::path> newest_valid_checkpoint(const fs::path& root,
                                                std::vector<std::string>& rejected) {
  std::vector<std::int64_t> steps = checkpoint_steps(root);
  std::ranges::reverse(steps);
  for (const std::int64_t step : steps) {
    const fs::path folder = checkpoint_folder(root, step);
    try {
      read_checkpoint(folder, CheckpointParts::all);
      return folder;
    } catch (const Error& error) {
      rejected.emplace_back(error.what());
    }
  }
  return std::nullopt;
}

void write_best(const fs::path& root, const BestCheckpoint& best) {
  commit_text(best_file(root),
              nlohmann::json{{"step", best.step}, {"score", best.score}}.dump(1) + "\n");
}

std::optional<BestCheckpoint> read_best(const fs::path& root) {
  if (!fs::exists(best_file(root))) return std::nullopt;
  try {
    const nlohmann::json json = nlohmann::json::parse(read_text(best_file(root)));
    return BestCheckpoint{.step = json.at("step").get<std::int64_t>(),
                          .score = json.at("score").get<double>()};
  } catch (const nlohmann::json::exception& error) {
    throw InputError({.problem = "unreadable record",
                      .value = best_file(root).string(),
                      .why = error.what(),
                      .advice = "name a checkpoint instead"});
  }
}

fs::path best_checkpoint(const fs::path& root) {
  const auto best = read_best(root);
  if (!best) {
    throw InputError({.problem = "no best checkpoint in",
                      .value = root.string(),
                      .why = "there is no best.json",
                      .advice = "train first, or name a checkpoint"});
  }
  const fs::path folder = checkpoint_folder(root, best->step);
  if (!fs::is_directory(folder)) {
    throw InputError({.problem = "missing checkpoint",
                      .value = folder.string(),
                      .why = "best.json names it",
                      .advice = "name another checkpoint"});
  }
  return folder;
}

void keep_newest(const fs::path& root, std::int64_t last, std::size_t n) {
  std::vector<std::int64_t> steps = checkpoint_steps(root);
  const auto later = std::ranges::upper_bound(steps, last);
  for (auto step = later; step != steps.end(); ++step)
    remove_checkpoint(checkpoint_folder(root, *step));
  steps.erase(later, steps.end());
  const auto best = read_best(root);
  for (std::size_t i = 0; i + n < steps.size(); ++i) {
    if (!best || best->step != steps[i]) remove_checkpoint(checkpoint_folder(root, steps[i]));
  }
  if (!fs::is_directory(root)) return;
  std::vector<fs::path> parts;
  for (const auto& entry : fs::directory_iterator(root)) {
    const fs::path name = entry.path().filename();
    if (name.extension() == ".part" && step_of(name.stem().string())) parts.push_back(entry.path());
  }
  for (const fs::path& part : parts) remove_checkpoint(part);
}

}  // namespace hindscale
