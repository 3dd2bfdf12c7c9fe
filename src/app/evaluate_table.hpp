// SPDX-License-Identifier: Apache-2.0
// The scores as a table for people, from the content of scores.json.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace hindscale {

/// One block a variable, one line a method, and the ensemble against its baselines.
std::string table_of(const nlohmann::ordered_json& scores);

}  // namespace hindscale
