// SPDX-License-Identifier: Apache-2.0
// EDSR (Lim et al. 2017): the deterministic super-resolution network that DPDM is compared with.
#pragma once

#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "hindscale/model/field_network.hpp"

namespace hindscale {

/// Residual blocks without normalisation on a grid `config.divisor()` times coarser than the
/// field's: the input is folded into channels (pixels of a square become channels), passes the
/// blocks, each x + 0.1 conv(ReLU(conv(x))), is added to what it was before them, and is unfolded
/// by sub-pixel convolutions, each twice as fine. A convolution makes the output; it starts as
/// zero.
class EdsrImpl : public FieldNetworkImpl {
 public:
  EdsrImpl(const NetworkConfig& config, std::uint64_t seed);

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& time) override;

  /// Assertion unless `recompute` is false: its blocks keep little.
  void recompute_blocks(bool recompute) override;

 private:
  torch::nn::Conv2d input_{nullptr}, last_{nullptr}, output_{nullptr};
  torch::nn::ModuleList blocks_{nullptr}, upsampling_{nullptr};
};
TORCH_MODULE(Edsr);

}  // namespace hindscale
