// SPDX-License-Identifier: Apache-2.0
#include "device_network.hpp"

#include <torch/torch.h>

#include <cmath>

#include "device_operations.hpp"
#include "hindscale/core/error.hpp"
#include "unet_plan.hpp"

namespace hindscale {
namespace {

/// A channels-last map as rows of channels, [n h w, c]: the same memory.
torch::Tensor rows_of(const torch::Tensor& map) {
  return map.permute({0, 2, 3, 1}).reshape({-1, map.size(1)});
}

/// The reverse of `rows_of`, of the height and width of `like`.
torch::Tensor map_of(const torch::Tensor& rows, const torch::Tensor& like) {
  return rows.view({like.size(0), like.size(2), like.size(3), rows.size(1)}).permute({0, 3, 1, 2});
}

}  // namespace

DeviceNetwork::DeviceNetwork(const UNet& network, const torch::Device& device,
                             torch::ScalarType type)
    : config_(network->config()), type_(type) {
  const torch::NoGradGuard no_gradient;
  for (const auto& [name, parameter] : parameters_of(*network))
    parameters_.emplace(name, parameter.detach().to(device, torch::kFloat32).clone());
  // Sinusoids of Vaswani et al. 2017: wavelengths from 2 pi to 10000 * 2 pi steps.
  const std::int64_t half = config_.channels / 2;
  rates_ = torch::exp(torch::arange(half, torch::kFloat32) *
                      (-std::log(10000.0) / static_cast<double>(half)))
               .to(device);
  time_in_weight_ = parameters_.at("time_in.weight");
  time_in_bias_ = parameters_.at("time_in.bias");
  time_out_weight_ = parameters_.at("time_out.weight");
  time_out_bias_ = parameters_.at("time_out.bias");
  input_ = layer_of("input");
  output_norm_ = norm_of("output_norm");
  output_ = layer_of("output");
  const UNetPlan plan = unet_plan(config_);
  down_ = built("down", plan.down);
  middle_ = built("middle", plan.middle);
  up_ = built("up", plan.up);
  parameters_.clear();
}

std::vector<DeviceNetwork::Step> DeviceNetwork::built(const std::string& part,
                                                      const std::vector<UNetStep>& plan) {
  std::vector<Step> steps;
  for (const UNetStep& step : plan) {
    const std::string name = part + "." + std::to_string(steps.size());
    if (step.kind == UNetStep::Kind::block) {
      steps.emplace_back(block_of(name, step));
    } else {
      steps.emplace_back(layer_of(name, step.kind == UNetStep::Kind::halving ? 2 : 1));
    }
  }
  return steps;
}

DeviceNetwork::Norm DeviceNetwork::norm_of(const std::string& name) const {
  return {parameters_.at(name + ".weight"), parameters_.at(name + ".bias")};
}

DeviceNetwork::Layer DeviceNetwork::layer_of(const std::string& name, std::int64_t stride) const {
  Layer layer{parameters_.at(name + ".weight").to(type_), {}, stride};
  layer.weight = layer.weight.contiguous(torch::MemoryFormat::ChannelsLast);
  const auto bias = parameters_.find(name + ".bias");
  if (bias != parameters_.end()) layer.bias = bias->second.to(type_);
  return layer;
}

DeviceNetwork::Block DeviceNetwork::block_of(const std::string& name, const UNetStep& step) {
  const Layer first = layer_of(name + ".first"), second = layer_of(name + ".second");
  Block block{.first_norm = norm_of(name + ".first_norm"),
              .second_norm = norm_of(name + ".second_norm"),
              .first = first.weight,
              .second = second.weight,
              .bias = parameters_.at(name + ".second.bias"),
              .skips = {},
              .i_offset = offset_bias_.defined() ? offset_bias_.size(0) : 0,
              .channels = first.weight.size(0),
              .attention = {}};
  const torch::Tensor bias = parameters_.at(name + ".first.bias") +
                             parameters_.at(name + ".time.bias"),
                      weight = parameters_.at(name + ".time.weight");
  offset_bias_ = offset_bias_.defined() ? torch::cat({offset_bias_, bias}) : bias;
  offset_weight_ = offset_weight_.defined() ? torch::cat({offset_weight_, weight}) : weight;
  if (parameters_.contains(name + ".skip.weight")) {
    const torch::Tensor skip = parameters_.at(name + ".skip.weight").to(type_).flatten(1);
    block.skips.push_back(skip.narrow(1, 0, step.in_channels).t().contiguous());
    if (step.kept_channels > 0)
      block.skips.push_back(skip.narrow(1, step.in_channels, step.kept_channels).t().contiguous());
    block.bias = block.bias + parameters_.at(name + ".skip.bias");
  }
  HINDSCALE_ASSERT(step.kept_channels == 0 || !block.skips.empty());
  if (parameters_.contains(name + ".attention.weight"))
    block.attention.push_back({norm_of(name + ".attention"), layer_of(name + ".attention.qkv"),
                               layer_of(name + ".attention.out"),
                               parameters_.at(name + ".attention.out.bias")});
  return block;
}

torch::Tensor DeviceNetwork::offsets_at(const torch::Tensor& time) const {
  const torch::NoGradGuard no_gradient;
  const torch::Tensor angles = time.unsqueeze(1) * rates_;
  const torch::Tensor waves = torch::cat({torch::sin(angles), torch::cos(angles)}, 1);
  const torch::Tensor hidden = torch::silu(torch::addmm(time_in_bias_, waves, time_in_weight_.t()));
  const torch::Tensor embedded =
      torch::silu(torch::addmm(time_out_bias_, hidden, time_out_weight_.t()));
  return torch::addmm(offset_bias_, embedded, offset_weight_.t());
}

torch::Tensor DeviceNetwork::normed(const Maps& x, const Norm& norm, Activation activation,
                                    const torch::Tensor& offset) const {
  return device_norm(x, {norm.weight, norm.bias, offset, config_.groups, activation, type_});
}

torch::Tensor DeviceNetwork::convolved(const torch::Tensor& x, const Layer& layer) const {
  const std::int64_t half = layer.weight.size(2) / 2;
  const bool wraps = half > 0 && config_.padding == Padding::periodic;
  const torch::Tensor seen = wraps ? wrap_edges(x, half) : x;
  const std::int64_t margin = wraps ? 0 : half;
  return convolution(seen, {layer.weight, layer.bias, layer.stride, margin});
}

torch::Tensor DeviceNetwork::attended(const Attention& attention, const torch::Tensor& x) const {
  const std::int64_t n = x.size(0), channels = x.size(1), places = x.size(2) * x.size(3);
  const torch::Tensor map = normed({x}, attention.norm, Activation::none);
  const torch::Tensor wide =
      product(rows_of(map), attention.qkv.weight.flatten(1).t()).view({n, places, 3 * channels});
  const auto parts = wide.chunk(3, -1);
  const torch::Tensor query = parts[0] / std::sqrt(static_cast<double>(channels));
  const torch::Tensor weights = torch::softmax(product(query, parts[1].transpose(1, 2)), -1);
  const torch::Tensor mixed = product(weights, parts[2].contiguous()).view({-1, channels});
  const torch::Tensor made = product(mixed, attention.out.weight.flatten(1).t());
  return sum_of_maps(x, map_of(made, x), attention.out_bias);
}

torch::Tensor DeviceNetwork::run(const Block& block, const Maps& x,
                                 const torch::Tensor& offsets) const {
  const torch::Tensor inner =
      convolved(normed(x, block.first_norm, Activation::silu), {block.first, {}, 1});
  const torch::Tensor offset = offsets.narrow(1, block.i_offset, block.channels);
  const torch::Tensor made = convolved(normed({inner}, block.second_norm, Activation::silu, offset),
                                       {block.second, {}, 1});
  torch::Tensor begun = x.front();
  if (!block.skips.empty()) {
    torch::Tensor rows = product(rows_of(begun.to(type_)), block.skips.front());
    if (x.size() > 1) rows = product_added(rows, rows_of(x.back().to(type_)), block.skips.back());
    begun = map_of(rows, made);
  }
  const torch::Tensor sum = sum_of_maps(begun, made, block.bias);
  return block.attention.empty() ? sum : attended(block.attention.front(), sum);
}

torch::Tensor DeviceNetwork::forward(const torch::Tensor& x, const torch::Tensor& offsets) const {
  const torch::NoGradGuard no_gradient;
  const auto layer = [&](const torch::Tensor& map, const Layer& which) {
    return convolved(map, which).to(torch::kFloat32);
  };
  const torch::Tensor seen =
      config_.two_grid_waves ? with_two_grid_waves(x, config_.out_channels) : x;
  torch::Tensor hidden =
      layer(seen.to(type_).contiguous(torch::MemoryFormat::ChannelsLast), input_);
  std::vector<torch::Tensor> kept{hidden};
  for (const Step& step : down_) {
    const auto* block = std::get_if<Block>(&step);
    hidden = block != nullptr ? run(*block, {hidden}, offsets)
                              : layer(hidden.to(type_), std::get<Layer>(step));
    kept.push_back(hidden);
  }
  for (const Step& step : middle_) hidden = run(std::get<Block>(step), {hidden}, offsets);
  for (const Step& step : up_) {
    if (const auto* block = std::get_if<Block>(&step)) {
      hidden = run(*block, {hidden, kept.back()}, offsets);
      kept.pop_back();
    } else {
      hidden = layer(upsample(hidden.to(type_), config_.upsampling, config_.padding),
                     std::get<Layer>(step));
    }
  }
  return layer(normed({hidden}, output_norm_, Activation::silu), output_);
}

}  // namespace hindscale
