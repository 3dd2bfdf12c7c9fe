// SPDX-License-Identifier: Apache-2.0
// Less memory for a backward pass: what a block computed inside is computed again there.
#pragma once

#include <torch/types.h>

#include "hindscale/model/blocks.hpp"

namespace hindscale {

/// `block` of x [n, c, h, w] and time, differentiable. Until the backward pass
/// only x and time are kept, as in Chen et al. 2016; the block has to live as long. Its parameters
/// gather their gradients as usual.
torch::Tensor recomputed(ResidualBlockImpl& block, const torch::Tensor& x,
                         const torch::Tensor& time);

}  // namespace hindscale
