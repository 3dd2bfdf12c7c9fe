// SPDX-License-Identifier: Apache-2.0
// Passes of a network over channels-last maps: on a GPU by our own kernels, elsewhere by LibTorch.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "hindscale/model/operations.hpp"

namespace hindscale {

struct NormOperation {
  const torch::Tensor &weight, &bias;  ///< [c] float32
  const torch::Tensor& offset;         ///< [1, c] float32, or undefined
  std::int64_t groups;
  Activation activation;
};

/// activation(normalised(x + offset)) of one map [n, c, h, w], or of two side by side. Without
/// gradients.
torch::Tensor device_norm(const std::vector<torch::Tensor>& x, const NormOperation& operation);

/// y += x + bias, maps [n, c, h, w] of one type, bias [c] float32. Without gradients.
void add_map(torch::Tensor& y, const torch::Tensor& x, const torch::Tensor& bias);

/// Fills `fine` [n, c, 2 h, 2 w] from x [n, c, h, w], both channels-last on a GPU, bicubically; or,
/// `is_adjoint`, x from `fine`: the gradient. Only in builds for CUDA (assertion).
void upsample_on_gpu(const torch::Tensor& x, const torch::Tensor& fine, Padding padding,
                     bool is_adjoint);

}  // namespace hindscale
