// SPDX-License-Identifier: Apache-2.0
// The options a sample store follows from, and whether one is finished.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "hindscale/dataset/store_content.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// The groups &domain and &dataset as a namelist, without dataset/store.
std::string recipe_of(const Options& options);

/// True where a complete store of this recipe exists; InputError where one of another recipe does,
/// listing the lines that differ. An option that the store's program did not know had what is now
/// its default.
bool store_is_finished(const std::filesystem::path& path, const std::string& recipe);

/// The same of the experiment's store, where there is one, for stages that read nothing else: where
/// source files are does not matter to them.
void require_own_store(const Options& options);

/// InputError naming source files of a finished store that hold something else now. Files that are
/// gone, and new ones, do not matter.
void require_unchanged_sources(const std::filesystem::path& store, const Options& options);

/// Bytes that the store will take.
std::uint64_t store_bytes(const StoreContent& content, const Options& options);

}  // namespace hindscale
