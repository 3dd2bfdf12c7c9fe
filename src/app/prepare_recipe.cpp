// SPDX-License-Identifier: Apache-2.0
#include "prepare_recipe.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include "hindscale/io/sample_store.hpp"

namespace hindscale {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// "  key = " of a line of a namelist.
std::string key_of(const std::string& line) {
  return line.substr(0, line.find('=') + 1);
}

/// Whether an older recipe, which lacks the key of a line, means what the line says. Stores from
/// before there was a local ridge are not read any more.
bool is_implied(const std::string& line, const std::vector<std::string>& old_lines) {
  if (key_of(line).find(" local_ridge") != std::string::npos) return false;
  const bool is_known = std::any_of(old_lines.begin(), old_lines.end(),
                                    [&](const auto& old) { return key_of(old) == key_of(line); });
  const auto defaults = lines_of(recipe_of(Options{}));
  return !is_known && std::find(defaults.begin(), defaults.end(), line) != defaults.end();
}

}  // namespace

std::string recipe_of(const Options& options) {
  Options copy = options;
  copy.dataset.store.clear();
  std::string recipe;
  bool wanted = false;
  for (const std::string& line : lines_of(to_namelist(copy))) {
    if (line.rfind("&", 0) == 0) wanted = line == "&domain" || line == "&dataset";
    if (wanted) recipe += line + "\n";
  }
  return recipe;
}

bool store_is_finished(const std::filesystem::path& path, const std::string& recipe) {
  if (!std::filesystem::exists(path)) return false;
  const std::string existing = StoreReader(path).text("recipe");
  if (existing == recipe) return true;
  const auto old_lines = lines_of(existing);
  std::string differing;
  for (const std::string& line : lines_of(recipe)) {
    if (std::find(old_lines.begin(), old_lines.end(), line) == old_lines.end() &&
        !is_implied(line, old_lines)) {
      differing += (differing.empty() ? "" : "; ") +
                   line.substr(std::min(line.size(), line.find_first_not_of(' ')));
    }
  }
  if (differing.empty()) return true;
  throw InputError({.problem = "the sample store was prepared with other options",
                    .value = path.string(),
                    .why = "now asked for: " + differing,
                    .advice = "remove it, or write to another file (dataset/store)",
                    .key = "dataset/store"});
}

std::uint64_t store_bytes(const StoreContent& content, const Options& options) {
  const std::uint64_t fine =
      content.fine.n_rows() * content.fine.n_columns() * content.n_variables() * sizeof(float);
  const std::uint64_t coarse =
      content.coarse.n_rows() * content.coarse.n_columns() * content.n_variables() * sizeof(float);
  constexpr std::uint64_t statics = 45;  // climatologies, masks, spread: fields of the fine grid
  std::uint64_t n_fields = content.months.size() + statics;
  if (options.dataset.ridge && !options.dataset.ridge_windows.empty()) {
    const auto window = static_cast<std::uint64_t>(*std::max_element(
        options.dataset.ridge_windows.begin(), options.dataset.ridge_windows.end()));
    const std::uint64_t n_regressions = options.dataset.local_ridge ? 2 : 1;
    n_fields += n_regressions * (content.months.size() + window * window * content.n_variables());
  }
  return n_fields * fine + (content.months.size() + 12) * coarse;
}

}  // namespace hindscale
