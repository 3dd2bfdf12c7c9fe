// SPDX-License-Identifier: Apache-2.0
// What an evaluation follows from, and scores that are finished already.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hindscale/comm/context.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// InputError where store or reconstruction are missing.
void require_evaluation_inputs(const Options& options);

/// Digests of all that the scores follow from. Collective.
nlohmann::ordered_json evaluation_inputs(const Context& context, const Options& options);

/// The scores in the folder, where they are finished, follow from these inputs and have the maps
/// beside them that were made with them; else null. Collective.
nlohmann::ordered_json finished_scores(const Context& context, const std::filesystem::path& folder,
                                       const nlohmann::ordered_json& inputs);

/// Tells of archives made with another sample store than the truth is read from, and of test months
/// and members that the namelist asks for and the archive lacks, by the scores. One rank.
void warn_of_other_archives(const Context& context, const Options& options,
                            const nlohmann::ordered_json& scores);

}  // namespace hindscale
