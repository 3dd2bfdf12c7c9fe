// SPDX-License-Identifier: Apache-2.0
// Expansion of patterns.
#include "hindscale/io/source_paths.hpp"

#include <glob.h>

#include <algorithm>
#include <memory>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

std::vector<std::filesystem::path> matches_of(const std::string& pattern) {
  glob_t result{};
  const int status = ::glob(pattern.c_str(), GLOB_TILDE, nullptr, &result);
  const std::unique_ptr<glob_t, decltype(&::globfree)> owner(&result, &::globfree);
  if (status == GLOB_NOMATCH) throw InputError({.problem = "no file matches", .value = pattern});
  if (status != 0) throw SystemError({.problem = "cannot list the files of", .value = pattern});
  return {result.gl_pathv, result.gl_pathv + result.gl_pathc};
}

}  // namespace

std::vector<std::filesystem::path> expand_paths(const std::vector<std::string>& paths) {
  std::vector<std::filesystem::path> files;
  for (const std::string& path : paths) {
    // A name with brackets may be a name after all; one without wild cards is checked when it is
    // opened.
    const bool pattern =
        path.find_first_of("*?[~") != std::string::npos && !std::filesystem::exists(path);
    const auto found = pattern ? matches_of(path) : std::vector<std::filesystem::path>{path};
    files.insert(files.end(), found.begin(), found.end());
  }
  if (files.empty()) throw InputError({.problem = "no files are named"});
  std::ranges::sort(files);
  const auto repeated = std::ranges::unique(files);
  files.erase(repeated.begin(), repeated.end());
  return files;
}

}  // namespace hindscale
