// SPDX-License-Identifier: Apache-2.0
// What a checkpoint says about the training it belongs to, and whether a namelist may continue it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/model/architecture.hpp"
#include "hindscale/model/network.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// What the targets of a CorrDiff follow from besides its regression: an entry of "determined_by",
/// digests of checkpoints.
inline constexpr const char* regression_folds_key = "regression checkpoints of folds";

/// The entry of a state that names the checkpoint whose weights a training began with, its digest
/// and the years it had seen; absent where the training began with random ones.
inline constexpr const char* begun_with = "initial_weights";

/// The unchanging part of `state.json`: network, channels, variables, units, transforms, years,
/// diffusion, schedule, model options, what determines the course of the training ("determined_by":
/// "group/key" -> value), effective namelist, digest of the store, versions.
nlohmann::json describe_training(const Options& options, const Conditioning& conditioning,
                                 const NetworkConfig& network, const std::string& store_digest);

/// InputError listing every "group/key" that determines the course of the training and differs
/// between the checkpoint's state and what `describe_training` gives now; `folder` is named in the
/// message.
void require_same_training(const nlohmann::json& state, const nlohmann::json& now,
                           const std::string& folder);

/// "transform.<name>" tensors of a normalisation, float64.
NamedTensors tensors_of(const Normalisation& normalisation);
/// The reverse; tensors of other names are ignored.
Normalisation normalisation_of(const NamedTensors& tensors);

/// The model and diffusion options recorded in a checkpoint's state. InputError naming an entry
/// that is missing or of another type.
ConditioningOptions conditioning_options_of(const nlohmann::json& state);

}  // namespace hindscale
