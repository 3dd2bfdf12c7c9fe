// SPDX-License-Identifier: Apache-2.0
// What the weights of a network are before it has learnt.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>

#include "hindscale/random/random.hpp"

namespace hindscale {

/// Weights and biases of the layers, convolutions and linear ones, uniform within 1 / sqrt(inputs
/// of a unit) (LeCun 1998, as in PyTorch). The streams of the parameters are `key` with a = 0, 1,
/// ... in the module's order.
void draw_weights(torch::nn::Module& network, StreamKey key);

void zero_weights(const torch::nn::Conv2d& layer);

}  // namespace hindscale
