// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/edsr.hpp"

#include <torch/torch.h>

#include "hindscale/core/error.hpp"
#include "hindscale/model/blocks.hpp"
#include "hindscale/model/operations.hpp"
#include "random_weights.hpp"

namespace hindscale {
namespace {

constexpr double residual_scale = 0.1;  // Lim et al. 2017, section 3.1: steadies wide networks

torch::Tensor through(const std::shared_ptr<torch::nn::Module>& layer, const torch::Tensor& x) {
  return convolve(torch::nn::Conv2d(std::dynamic_pointer_cast<torch::nn::Conv2dImpl>(layer)), x);
}

torch::Tensor channels_last(const torch::Tensor& x) {
  return x.contiguous(torch::MemoryFormat::ChannelsLast);
}

}  // namespace

EdsrImpl::EdsrImpl(const NetworkConfig& config, std::uint64_t seed) : FieldNetworkImpl(config) {
  check_network_config(config);
  const std::int64_t channels = config.channels, fold = config.divisor();
  input_ = register_module("input",
                           convolution(config.in_channels * fold * fold, channels, config.padding));
  blocks_ = register_module("blocks", torch::nn::ModuleList());
  for (std::int64_t i = 0; i < 2 * config.residual_blocks; ++i)
    blocks_->push_back(convolution(channels, channels, config.padding));
  last_ = register_module("last", convolution(channels, channels, config.padding));
  upsampling_ = register_module("upsampling", torch::nn::ModuleList());
  for (std::int64_t scale = 1; scale < fold; scale *= 2)
    upsampling_->push_back(convolution(channels, 4 * channels, config.padding));
  output_ = register_module("output", convolution(channels, config.out_channels, config.padding));
  draw_weights(*this, {.seed = seed, .purpose = Purpose::initial_weights});
  zero_weights(output_);
}

torch::Tensor EdsrImpl::forward(const torch::Tensor& x, const torch::Tensor& /*time*/) {
  HINDSCALE_ASSERT(x.dim() == 4 && x.size(1) == config_.in_channels);
  HINDSCALE_ASSERT(x.size(2) % config_.divisor() == 0 && x.size(3) % config_.divisor() == 0);
  const torch::Tensor folded =
      torch::pixel_unshuffle(x.to(type_of(precision())), config_.divisor());
  const torch::Tensor start = convolve(input_, channels_last(folded));
  torch::Tensor hidden = start;
  for (std::size_t i = 0; i < blocks_->size(); i += 2) {
    const torch::Tensor inside = torch::relu(through(blocks_->ptr(i), hidden));
    hidden = hidden + residual_scale * through(blocks_->ptr(i + 1), inside);
  }
  hidden = start + convolve(last_, hidden);
  for (const auto& layer : *upsampling_)
    hidden = channels_last(torch::pixel_shuffle(through(layer, hidden), 2));
  return convolve(output_, hidden).to(torch::kFloat32);
}

void EdsrImpl::recompute_blocks(bool recompute) {
  HINDSCALE_ASSERT(!recompute);
}

}  // namespace hindscale
