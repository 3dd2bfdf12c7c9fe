// SPDX-License-Identifier: Apache-2.0
// The parts of the UNet.
#include "hindscale/model/blocks.hpp"

#include <torch/torch.h>

#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/model/operations.hpp"

namespace hindscale {

namespace {

torch::nn::Conv2d pointwise(std::int64_t in, std::int64_t out, bool bias) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 1).bias(bias));
}

}  // namespace

torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, Padding padding,
                              std::int64_t stride) {
  auto options = torch::nn::Conv2dOptions(in, out, 3).padding(1).stride(stride);
  if (padding == Padding::periodic) options.padding_mode(torch::kCircular);
  return torch::nn::Conv2d(options);
}

NormSiluImpl::NormSiluImpl(std::int64_t groups, std::int64_t channels)
    : groups_(groups),
      weight_(register_parameter("weight", torch::ones({channels}))),
      bias_(register_parameter("bias", torch::zeros({channels}))) {}

torch::Tensor NormSiluImpl::forward(const torch::Tensor& x, const torch::Tensor& offset) {
  return group_norm(x, groups_, weight_, bias_, Activation::silu, offset);
}

SelfAttentionImpl::SelfAttentionImpl(std::int64_t channels, std::int64_t groups)
    : groups_(groups),
      weight_(register_parameter("weight", torch::ones({channels}))),
      bias_(register_parameter("bias", torch::zeros({channels}))),
      qkv_(register_module("qkv", pointwise(channels, 3 * channels, false))),
      out_(register_module("out", pointwise(channels, channels, true))) {}

torch::Tensor SelfAttentionImpl::forward(const torch::Tensor& x) {
  const std::int64_t n = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  const torch::Tensor normed = group_norm(x, groups_, weight_, bias_, Activation::none);
  // [n, places, 3 c]: rows are places, as channels-last memory already has them.
  const torch::Tensor rows =
      convolve(qkv_, normed).permute({0, 2, 3, 1}).reshape({n, height * width, 3 * channels});
  const auto parts = rows.chunk(3, -1);
  const torch::Tensor query = parts[0] / std::sqrt(static_cast<double>(channels));
  const torch::Tensor weights = torch::softmax(torch::bmm(query, parts[1].transpose(1, 2)), -1);
  const torch::Tensor mixed = torch::bmm(weights, parts[2].contiguous());
  return x + convolve(out_, mixed.reshape({n, height, width, channels}).permute({0, 3, 1, 2}));
}

ResidualBlockImpl::ResidualBlockImpl(const ResidualBlockConfig& config,
                                     std::shared_ptr<const DropoutStream> stream)
    : config_(config), stream_(std::move(stream)) {
  first_norm_ = register_module("first_norm", NormSilu(config.groups, config.in_channels));
  first_ = register_module("first",
                           convolution(config.in_channels, config.out_channels, config.padding));
  time_ = register_module("time", torch::nn::Linear(config.time_channels, config.out_channels));
  second_norm_ = register_module("second_norm", NormSilu(config.groups, config.out_channels));
  second_ = register_module("second",
                            convolution(config.out_channels, config.out_channels, config.padding));
  if (config.in_channels != config.out_channels) {
    skip_ = register_module("skip", pointwise(config.in_channels, config.out_channels, true));
  }
  if (config.attention) {
    attention_ = register_module("attention", SelfAttention(config.out_channels, config.groups));
  }
}

torch::Tensor ResidualBlockImpl::forward(const torch::Tensor& x, const torch::Tensor& time) {
  torch::Tensor hidden = second_norm_(convolve(first_, first_norm_(x)), time_(time));
  if (is_training() && config_.dropout > 0) {
    HINDSCALE_ASSERT(static_cast<std::int64_t>(stream_->sample_keys.size()) == x.size(0));
    hidden = hidden * dropout_mask(*stream_, config_, x.size(2), x.size(3)).to(x.options());
  }
  hidden = (skip_.is_empty() ? x : convolve(skip_, x)) + convolve(second_, hidden);
  return attention_.is_empty() ? hidden : attention_(hidden);
}

}  // namespace hindscale
