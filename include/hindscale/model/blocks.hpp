// SPDX-License-Identifier: Apache-2.0
// The parts a UNet is made of: normalisation with activation, residual block, self-attention,
// changes of resolution.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "hindscale/model/architecture.hpp"

namespace hindscale {

/// A 3 x 3 convolution that keeps the size of a field, or halves it with a stride of 2.
torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, Padding padding,
                              std::int64_t stride = 1);

/// The keys of a batch's dropout masks, one a sample; shared by the blocks of one network.
struct DropoutStream {
  std::vector<std::uint64_t> sample_keys;
};

/// The key of one sample's masks.
std::uint64_t dropout_key(std::uint64_t seed, std::uint64_t step, std::uint64_t patch_id);

/// Group normalisation of x + offset, then SiLU. x [n, c, h, w] -> the same shape; offset [n or 1,
/// c] or undefined.
class NormSiluImpl : public torch::nn::Module {
 public:
  NormSiluImpl(std::int64_t groups, std::int64_t channels);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& offset = {});

 private:
  std::int64_t groups_;
  torch::Tensor weight_, bias_;
};
TORCH_MODULE(NormSilu);

/// Single-head self-attention over the places of a field, added to its input. x [n, c, h, w] -> the
/// same shape.
class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(std::int64_t channels, std::int64_t groups);
  torch::Tensor forward(const torch::Tensor& x);
  [[nodiscard]] torch::nn::Conv2d last_convolution() const { return out_; }

 private:
  std::int64_t groups_;
  torch::Tensor weight_, bias_;  // of the normalisation
  torch::nn::Conv2d qkv_{nullptr}, out_{nullptr};
};
TORCH_MODULE(SelfAttention);

struct ResidualBlockConfig {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t time_channels = 0;
  std::int64_t groups = 1;
  bool attention = false;
  double dropout = 0;
  DropoutUnit dropout_unit = DropoutUnit::element;
  Padding padding = Padding::zeros;
  std::uint64_t layer = 0;  ///< number of this block in its network, part of the key of its masks
};

/// norm, SiLU, 3x3, + time, norm, SiLU, dropout, 3x3, + skip, then attention where asked for.
class ResidualBlockImpl : public torch::nn::Module {
 public:
  ResidualBlockImpl(const ResidualBlockConfig& config, std::shared_ptr<const DropoutStream> stream);
  /// x [n, in, h, w], time [n or 1, time_channels] -> [n, out, h, w].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& time);
  [[nodiscard]] torch::nn::Conv2d last_convolution() const { return second_; }

 private:
  ResidualBlockConfig config_;
  std::shared_ptr<const DropoutStream> stream_;
  NormSilu first_norm_{nullptr}, second_norm_{nullptr};
  torch::nn::Conv2d first_{nullptr}, second_{nullptr}, skip_{nullptr};
  torch::nn::Linear time_{nullptr};
  SelfAttention attention_{nullptr};
};
TORCH_MODULE(ResidualBlock);

/// Dropout masks of a batch: 0 with probability `dropout`, else 1 / (1 - dropout). Sample i's
/// values come from (stream.sample_keys[i], layer) alone. Shape [n, c, h, w] (element) or [n, c, 1,
/// 1] (channel), channels-last, host.
torch::Tensor dropout_mask(const DropoutStream& stream, const ResidualBlockConfig& config,
                           std::int64_t height, std::int64_t width);

}  // namespace hindscale
