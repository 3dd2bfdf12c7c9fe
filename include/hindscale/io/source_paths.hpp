// SPDX-License-Identifier: Apache-2.0
// Files named by paths and patterns.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hindscale {

/// The files that paths and glob patterns name, sorted, each once. InputError for a pattern without
/// a match and an empty list.
std::vector<std::filesystem::path> expand_paths(const std::vector<std::string>& paths);

}  // namespace hindscale
