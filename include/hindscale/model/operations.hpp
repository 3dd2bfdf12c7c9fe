// SPDX-License-Identifier: Apache-2.0
// The network's two heavy operations in forms that give a sample the same bits in any batch.
#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <cstdint>

#include "hindscale/kernel/upsampling.hpp"

namespace hindscale {

/// x [n, c, h, w] continued periodically by `width` cells on each side -> [n, c, h + 2 width, w + 2
/// width], differentiable, channels-last. `width` is at most h and w (assertion).
torch::Tensor wrap_edges(const torch::Tensor& x, std::int64_t width);

/// What `layer` does, differentiable; an odd square kernel padded by its half with zeros or, in
/// padding mode 'circular', periodically; one group. LibTorch chooses a convolution's
/// implementation by batch size among other things; on the CPU, for x in float32 or bfloat16 and
/// float32 parameters, this always takes oneDNN's (kernel/batch_convolution.hpp), and gradients of
/// parameters are float32.
torch::Tensor convolve(const torch::nn::Conv2d& layer, const torch::Tensor& x);

/// x [n, c, h, w] on a grid of half the spacing, [n, c, 2 h, 2 w], differentiable; see
/// kernel/upsampling.hpp. Periodic bicubic values need two cells at least along each axis.
torch::Tensor upsample(const torch::Tensor& x, Upsampling method, Padding padding);

/// x [n, c, h, w] with the two-grid waves of its first `n_fields` channels behind them, [n, c + 2
/// n_fields, h, w], differentiable; see kernel/two_grid_waves.hpp.
torch::Tensor with_two_grid_waves(const torch::Tensor& x, std::int64_t n_fields);

enum class Activation { none, silu };

/// Group normalisation of x + offset [n, c, h, w] with weight and bias [c] (epsilon 1e-5), then the
/// activation; offset [n or 1, c], or undefined: none; differentiable. Moments are sums in a fixed
/// order within a sample. On the CPU in float32 and bfloat16 it is one fused pass over
/// channels-last memory.
torch::Tensor group_norm(const torch::Tensor& x, std::int64_t groups, const torch::Tensor& weight,
                         const torch::Tensor& bias, Activation activation,
                         const torch::Tensor& offset = {});

}  // namespace hindscale
