// SPDX-License-Identifier: Apache-2.0
// What an experiment will be, from its namelist and the headers of its inputs alone.
#pragma once

#include <optional>

#include "hindscale/dataset/store_content.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

struct ExperimentOutline {
  StoreContent content;
  FieldNetwork network;  ///< untrained
};

/// InputError where inputs are missing or do not fit.
ExperimentOutline outline_of(const Options& options);

/// Tiles evaluated for a field in so many calls, where the layouts may take turns.
double tiles_of(const StoreContent& content, const TileOptions& options, std::int64_t calls);

/// The archive that shows the seams of `options`: a few members of the test years, with the tiles
/// moved by half a stride; nothing where there is none to make.
std::optional<Options> shifted_archive(const Options& options, const StoreContent& content);

}  // namespace hindscale
