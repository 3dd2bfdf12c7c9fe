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
  torch::ScalarType type;  ///< of the result
};

/// activation(normalised(x + offset)) of one map [n, c, h, w], or of two of one type side by side.
/// Without gradients.
torch::Tensor device_norm(const std::vector<torch::Tensor>& x, const NormOperation& operation);

/// x + y + bias in float32, maps [n, c, h, w], bias [c] float32. Without gradients.
torch::Tensor sum_of_maps(const torch::Tensor& x, const torch::Tensor& y,
                          const torch::Tensor& bias);

/// Matrices [r, s] and [s, c], or batches of them, of one type; sums are float32. Without
/// gradients.
torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b);

/// addend [r, c] + the product of matrices a [r, s] and b [s, c], of one type, rounded once.
/// Without gradients.
torch::Tensor product_added(const torch::Tensor& addend, const torch::Tensor& a,
                            const torch::Tensor& b);

/// x [n, c, h, w] with weight [out, c, k, k] and bias [out] or undefined, of one type, within zeros
/// `margin` wide; sums are float32. Without gradients.
struct ConvolutionOperation {
  const torch::Tensor &weight, &bias;
  std::int64_t stride, margin;
};
torch::Tensor convolution(const torch::Tensor& x, const ConvolutionOperation& operation);

/// Fills `fine` [n, c, 2 h, 2 w] from x [n, c, h, w], both channels-last on a GPU, bicubically; or,
/// `is_adjoint`, x from `fine`: the gradient. Only in builds for CUDA (assertion).
void upsample_on_gpu(const torch::Tensor& x, const torch::Tensor& fine, Padding padding,
                     bool is_adjoint);

}  // namespace hindscale
