// SPDX-License-Identifier: Apache-2.0
#include "evaluate_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>

namespace hindscale {
namespace fs = std::filesystem;

namespace {

/// A word that a shell takes as it is.
std::string quoted(const std::string& word) {
  const bool is_plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("_./-").find(static_cast<char>(c)) != std::string_view::npos;
  });
  return is_plain ? word : "'" + word + "'";
}

}  // namespace

std::string plot_command(const Options& options) {
  const fs::path experiment = options.experiment.directory;
  std::string command = "python3 tools/plot.py " + quoted(experiment.string());
  const auto add = [&](const char* option, const fs::path& path, const fs::path& default_path) {
    if (path != default_path) command += fmt::format(" --{} {}", option, quoted(path.string()));
  };
  add("store", options.store_path(), experiment / "samples.h5");
  add("reconstruction", options.evaluated_path(), experiment / "reconstruction");
  add("scores", options.evaluation_path() / "scores.json", experiment / "scores.json");
  return command;
}

}  // namespace hindscale
