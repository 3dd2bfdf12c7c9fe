// SPDX-License-Identifier: Apache-2.0
// The scores as a table for people, from the content of scores.json, and how to draw them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// One block a variable, one line a method, and the ensemble against its baselines.
std::string table_of(const nlohmann::ordered_json& scores);

/// The call that draws the figures, with the paths that are not where it looks by itself.
std::string plot_command(const Options& options);

}  // namespace hindscale
