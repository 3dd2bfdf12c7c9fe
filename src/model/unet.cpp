// SPDX-License-Identifier: Apache-2.0
// The UNet: assembly, initial weights and the forward pass.
#include "hindscale/model/unet.hpp"

#include <torch/torch.h>

#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/model/operations.hpp"
#include "hindscale/model/recompute.hpp"
#include "random_weights.hpp"
#include "unet_plan.hpp"

namespace hindscale {

namespace {

/// Blocks start as the identity and the output as zero, which steadies the first steps.
void zero_last_layers(torch::nn::Module& network, const torch::nn::Conv2d& output) {
  for (const auto& module : network.modules(false)) {
    if (const auto* block = module->as<ResidualBlock>()) zero_weights(block->last_convolution());
    if (const auto* attention = module->as<SelfAttention>())
      zero_weights(attention->last_convolution());
  }
  zero_weights(output);
}

torch::nn::Conv2d convolution_in(const std::shared_ptr<torch::nn::Module>& module) {
  return torch::nn::Conv2d(std::dynamic_pointer_cast<torch::nn::Conv2dImpl>(module));
}

}  // namespace

UNetImpl::UNetImpl(const NetworkConfig& config, std::uint64_t seed)
    : FieldNetworkImpl(config), dropout_stream_(std::make_shared<DropoutStream>()) {
  check_network_config(config);
  const std::int64_t channels = config.channels;
  time_in_ = register_module("time_in", torch::nn::Linear(channels, 4 * channels));
  time_out_ = register_module("time_out", torch::nn::Linear(4 * channels, config.time_channels));
  input_ = register_module("input", convolution(config.seen_channels(), channels, config.padding));
  const UNetPlan plan = unet_plan(config);
  down_ = register_module("down", make_steps(plan.down));
  middle_ = register_module("middle", make_steps(plan.middle));
  up_ = register_module("up", make_steps(plan.up));
  output_norm_ = register_module("output_norm",
                                 NormSilu(config.groups, channels * config.multipliers.front()));
  output_ = register_module("output", convolution(channels * config.multipliers.front(),
                                                  config.out_channels, config.padding));
  draw_weights(*this, {.seed = seed, .purpose = Purpose::initial_weights});
  zero_last_layers(*this, output_);
}

torch::nn::ModuleList UNetImpl::make_steps(const std::vector<UNetStep>& steps) {
  torch::nn::ModuleList made;
  for (const UNetStep& step : steps) {
    if (step.kind == UNetStep::Kind::block) {
      made->push_back(make_block(step));
    } else {
      const std::int64_t stride = step.kind == UNetStep::Kind::halving ? 2 : 1;
      made->push_back(convolution(step.in_channels, step.out_channels, config_.padding, stride));
    }
  }
  return made;
}

ResidualBlock UNetImpl::make_block(const UNetStep& step) {
  return ResidualBlock(ResidualBlockConfig{.in_channels = step.in_channels + step.kept_channels,
                                           .out_channels = step.out_channels,
                                           .time_channels = config_.time_channels,
                                           .groups = config_.groups,
                                           .attention = step.attends,
                                           .dropout = config_.dropout,
                                           .dropout_unit = config_.dropout_unit,
                                           .padding = config_.padding,
                                           .layer = n_blocks_++},
                       dropout_stream_);
}

torch::Tensor UNetImpl::embed_time(const torch::Tensor& time) {
  // Sinusoids of Vaswani et al. 2017: wavelengths from 2 pi to 10000 * 2 pi steps.
  const std::int64_t half = config_.channels / 2;
  const auto options = torch::TensorOptions().dtype(torch::kFloat32).device(time.device());
  const torch::Tensor rates =
      torch::exp(torch::arange(half, options) * (-std::log(10000.0) / static_cast<double>(half)));
  const torch::Tensor angles = time.to(torch::kFloat32).unsqueeze(1) * rates;
  const torch::Tensor waves = torch::cat({torch::sin(angles), torch::cos(angles)}, 1);
  return torch::silu(time_out_(torch::silu(time_in_(waves))));
}

torch::Tensor UNetImpl::forward(const torch::Tensor& x, const torch::Tensor& time) {
  HINDSCALE_ASSERT(x.dim() == 4 && x.size(1) == config_.in_channels);
  HINDSCALE_ASSERT(x.size(2) % config_.divisor() == 0 && x.size(3) % config_.divisor() == 0);
  HINDSCALE_ASSERT(time.dim() == 1 && (time.size(0) == 1 || time.size(0) == x.size(0)));
  const torch::Tensor embedded = embed_time(time.to(x.device()));
  const torch::ScalarType type = type_of(precision());
  const torch::Tensor seen =
      config_.two_grid_waves ? with_two_grid_waves(x, config_.out_channels) : x;
  torch::Tensor hidden =
      convolve(input_, seen.to(type).contiguous(torch::MemoryFormat::ChannelsLast));
  std::vector<torch::Tensor> skips{hidden};
  const bool recomputes = recomputes_ && torch::GradMode::is_enabled();
  const auto run = [&](ResidualBlockImpl& block, const torch::Tensor& features) {
    if (recomputes) return recomputed(block, features, embedded);
    // Views, so that a block's gradients are added up before those of others join, as there.
    return block.forward(features.view_as(features), embedded.view_as(embedded));
  };
  for (const auto& module : *down_) {
    if (auto* block = module->as<ResidualBlock>()) {
      hidden = run(*block, hidden);
    } else {
      hidden = convolve(convolution_in(module), hidden);
    }
    skips.push_back(hidden);
  }
  for (const auto& module : *middle_) hidden = run(*module->as<ResidualBlock>(), hidden);
  for (const auto& module : *up_) {
    if (auto* block = module->as<ResidualBlock>()) {
      hidden = run(*block, torch::cat({hidden, skips.back()}, 1));
      skips.pop_back();
    } else {
      hidden =
          convolve(convolution_in(module), upsample(hidden, config_.upsampling, config_.padding));
    }
  }
  return convolve(output_, output_norm_(hidden)).to(torch::kFloat32);
}

void UNetImpl::set_dropout_stream(std::uint64_t seed, std::uint64_t step,
                                  const std::vector<std::uint64_t>& patch_ids) {
  dropout_stream_->sample_keys.clear();
  for (const std::uint64_t id : patch_ids)
    dropout_stream_->sample_keys.push_back(dropout_key(seed, step, id));
}

}  // namespace hindscale
