// SPDX-License-Identifier: Apache-2.0
// Parameters of a network by name: for checkpoints, weight averages and gradients.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <string>

namespace hindscale {

/// Ordered by name, so that every walk over it has the same order everywhere.
using NamedTensors = std::map<std::string, torch::Tensor>;

/// The parameters themselves (shared storage, not copies).
NamedTensors parameters_of(const torch::nn::Module& network);

/// Copies the parameters to the host, each under `prefix` + its name, contiguous.
NamedTensors copy_parameters(const torch::nn::Module& network, const std::string& prefix);

/// Copies the tensors called `prefix` + parameter name into the network. Others are ignored.
/// InputError naming the tensor where one is missing, has another shape or type; the network is
/// then unchanged.
void load_parameters(torch::nn::Module& network, const NamedTensors& tensors,
                     const std::string& prefix);

}  // namespace hindscale
