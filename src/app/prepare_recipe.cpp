// SPDX-License-Identifier: Apache-2.0
#include "prepare_recipe.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/io/sample_store.hpp"
#include "hindscale/io/source_paths.hpp"

namespace hindscale {
namespace fs = std::filesystem;

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

/// Those that exist of what paths and patterns name.
std::vector<fs::path> files_there(const std::vector<std::string>& patterns) {
  std::vector<fs::path> files;
  for (const std::string& pattern : patterns) {
    try {
      if (pattern.empty()) continue;
      for (const fs::path& path : expand_paths({pattern}))
        if (fs::exists(path)) files.push_back(path);
    } catch (const InputError&) {
      continue;  // none
    }
  }
  std::ranges::sort(files);
  const auto repeated = std::ranges::unique(files);
  files.erase(repeated.begin(), repeated.end());
  return files;
}

/// Whether a file holds one of the contents, bytes and SHA-256; one not written since `then` is
/// read no further than its size.
bool is_one_of(const fs::path& path, fs::file_time_type then,
               const std::set<std::pair<std::uintmax_t, std::string>>& contents) {
  const std::uintmax_t bytes = fs::file_size(path);
  if (std::ranges::none_of(contents, [&](const auto& one) { return one.first == bytes; }))
    return false;
  return fs::last_write_time(path) <= then || contents.contains({bytes, sha256_of_file(path)});
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

namespace {

/// Lines of a recipe that the store's own neither has nor implies, without indentation.
std::vector<std::string> differing_lines(const std::string& existing, const std::string& recipe) {
  const auto old_lines = lines_of(existing);
  std::vector<std::string> differing;
  for (const std::string& line : lines_of(recipe)) {
    if (std::find(old_lines.begin(), old_lines.end(), line) == old_lines.end() &&
        !is_implied(line, old_lines))
      differing.push_back(line.substr(std::min(line.size(), line.find_first_not_of(' '))));
  }
  return differing;
}

/// Whether a line says where something is, not what it is.
bool names_files(const std::string& line) {
  return key_of(line).find("_file") != std::string::npos;
}

void require_differing_nothing(const fs::path& store, const std::vector<std::string>& differing) {
  if (differing.empty()) return;
  throw InputError({.problem = "the sample store was prepared with other options",
                    .value = store.string(),
                    .why = fmt::format("now asked for: {}", fmt::join(differing, "; ")),
                    .advice = "set them back, write to another file (dataset/store), or remove it; "
                              "networks trained on it are of no use then",
                    .key = "dataset/store"});
}

}  // namespace

bool store_is_finished(const std::filesystem::path& path, const std::string& recipe) {
  if (!std::filesystem::exists(path)) return false;
  require_differing_nothing(path, differing_lines(StoreReader(path).text("recipe"), recipe));
  return true;
}

void require_own_store(const Options& options) {
  if (!fs::exists(options.store_path())) return;
  std::vector<std::string> differing =
      differing_lines(StoreReader(options.store_path()).text("recipe"), recipe_of(options));
  std::erase_if(differing, names_files);
  require_differing_nothing(options.store_path(), differing);
}

void require_unchanged_sources(const fs::path& store, const Options& options) {
  const DatasetOptions& dataset = options.dataset;
  std::vector<std::string> patterns{dataset.relief_file, dataset.mask_file};
  patterns.insert(patterns.end(), dataset.fine_files.begin(), dataset.fine_files.end());
  patterns.insert(patterns.end(), dataset.coarse_files.begin(), dataset.coarse_files.end());
  std::map<std::string, std::vector<fs::path>> there;  // by the name that the store keeps
  for (const fs::path& path : files_there(patterns)) there[path.filename()].push_back(path);
  std::map<std::string, std::set<std::pair<std::uintmax_t, std::string>>> known;
  const auto provenance = nlohmann::json::parse(StoreReader(store).text("provenance"));
  for (const auto& input : provenance.at("inputs"))
    known[input.at("file")].emplace(input.at("bytes"), input.at("sha256"));
  std::string changed;
  for (const auto& [name, contents] : known) {
    if (there[name].size() != contents.size()) continue;  // which is which?
    for (const fs::path& path : there[name])
      if (!is_one_of(path, fs::last_write_time(store), contents))
        changed += (changed.empty() ? "" : ", ") + path.string();
  }
  if (changed.empty()) return;
  throw InputError({.problem = "source files have changed since the sample store was made of them",
                    .value = changed,
                    .advice = "write to another file (dataset/store), or remove the store to make "
                              "it again; networks trained on it are of no use then",
                    .file = store.string(),
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
