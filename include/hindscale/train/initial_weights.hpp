// SPDX-License-Identifier: Apache-2.0
// A training that begins with the weights of another.
#pragma once

#include <string>

#include "hindscale/model/checkpoint.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// The key of "determined_by" that holds the digest of the checkpoint, empty where there is none.
inline constexpr const char* initial_weights_key = "training/initial_weights";

/// A checkpoint that a training begins with, and its digest.
struct InitialWeights {
  CheckpointContent content;  ///< without the optimiser's state
  std::string checkpoint_sha256;
};

/// The best checkpoint of training/initial_weights for the training that `describe_training`
/// described. InputError where there is none, its network, channels or variables are others, or it
/// learnt from years that this training leaves out. One rank or all of them.
InitialWeights read_initial_weights(const Options& options, const nlohmann::json& description);

}  // namespace hindscale
