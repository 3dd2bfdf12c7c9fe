// SPDX-License-Identifier: Apache-2.0
// The way of a field through the UNet, step by step: what is built, evaluated and counted along it.
#pragma once

#include <cstdint>
#include <vector>

#include "hindscale/model/architecture.hpp"

namespace hindscale {

struct UNetStep {
  enum class Kind {
    block,     ///< residual
    halving,   ///< convolution of every other place
    doubling,  ///< upsampling and convolution
  };
  Kind kind;
  std::int64_t in_channels;
  std::int64_t out_channels;
  bool attends = false;            ///< a block with attention
  std::int64_t kept_channels = 0;  ///< of the map kept on the way down that lies beside the input
};

/// What the input layer and each step of `down` make is kept; blocks of `up` take it, the last
/// first.
struct UNetPlan {
  std::vector<UNetStep> down, middle, up;
};

UNetPlan unet_plan(const NetworkConfig& config);

}  // namespace hindscale
