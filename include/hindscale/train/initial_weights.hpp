// SPDX-License-Identifier: Apache-2.0
// A training that begins with the weights of another.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hindscale/comm/context.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/train/trainer.hpp"

namespace hindscale {

/// The checkpoint that training/initial_weights names: itself, or the best one of that folder.
/// InputError where there is none.
std::filesystem::path initial_checkpoint(const TrainingOptions& training);

/// InputError listing what differs between the state of a checkpoint and `now`, a description of
/// this training or a part of one: what its network is made of (dropout and padding do not count),
/// what it is shown and what it generates. `folder` is named in the message.
void require_same_task(const nlohmann::json& state, const nlohmann::json& now,
                       const std::filesystem::path& folder);

/// Where training/initial_weights is set: gives the trainer the averaged weights of that checkpoint
/// and enters it into the description of the training. Warns where that network has seen years this
/// training validates or tests with, or does not tell. InputError where it does not fit or, on the
/// same store, has seen the years that this fold leaves out. Collective.
void begin_with_others(const Context& context, const TrainingOptions& training,
                       nlohmann::json& description, Trainer& trainer);

}  // namespace hindscale
