// SPDX-License-Identifier: Apache-2.0
// The UNet of the SR3 family (Saharia et al. 2021) that predicts noise or velocity from a noisy
// field and its conditions.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "hindscale/model/blocks.hpp"
#include "hindscale/model/field_network.hpp"

namespace hindscale {

struct UNetStep;

/// Owns its parameters. Weights depend on `seed` only. Works channels-last inside; any input layout
/// is accepted. In eval mode and with one time for the batch, a sample's result is the same bits in
/// any batch (CPU, float32).
class UNetImpl : public FieldNetworkImpl {
 public:
  UNetImpl(const NetworkConfig& config, std::uint64_t seed);

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& time) override;

  /// In train mode with dropout, call before each forward: a forward in train mode without it, or
  /// with another batch size, is an assertion.
  void set_dropout_stream(std::uint64_t seed, std::uint64_t step,
                          const std::vector<std::uint64_t>& patch_ids) override;

  void recompute_blocks(bool recompute) override { recomputes_ = recompute; }

 private:
  torch::nn::ModuleList make_steps(const std::vector<UNetStep>& steps);
  ResidualBlock make_block(const UNetStep& step);
  torch::Tensor embed_time(const torch::Tensor& time);

  bool recomputes_ = false;
  std::shared_ptr<DropoutStream> dropout_stream_;
  std::uint64_t n_blocks_ = 0;
  torch::nn::Linear time_in_{nullptr}, time_out_{nullptr};
  torch::nn::Conv2d input_{nullptr}, output_{nullptr};
  torch::nn::ModuleList down_{nullptr}, middle_{nullptr}, up_{nullptr};
  NormSilu output_norm_{nullptr};
};
TORCH_MODULE(UNet);

}  // namespace hindscale
