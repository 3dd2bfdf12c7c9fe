// SPDX-License-Identifier: Apache-2.0
// The first of CorrDiff's two steps (Mardani et al. 2023): a network for the conditional mean.
#pragma once

#include <torch/types.h>

#include "hindscale/model/field_network.hpp"

namespace hindscale {

/// A frozen regression network, which has the input channels of a diffusion network and zeros where
/// that has its noisy field, and the scale of what it leaves: a field is its mean plus `scale`
/// times what the diffusion generates, all in network units.
struct MeanModel {
  FieldNetwork network{nullptr};
  torch::Tensor scale;  ///< [v, 1, 1] float32, on the host

  [[nodiscard]] bool is_there() const { return !network.is_empty(); }
};

}  // namespace hindscale
