// SPDX-License-Identifier: Apache-2.0
// Networks for tests: weights away from their initial zeros, so that every layer matters.
#pragma once

#include <torch/torch.h>

#include <cmath>
#include <cstddef>
#include <string>

#include "hindscale/model/unet.hpp"

namespace hindscale {

inline UNet stirred_network(const NetworkConfig& config) {
  UNet network(config, 11);
  torch::manual_seed(4);
  const torch::NoGradGuard no_gradient;
  for (torch::Tensor& parameter : network->parameters())
    parameter.add_(0.05 * torch::randn_like(parameter));
  return network;
}

/// Every layer drawn as hidden layers are at the start of a training.
inline UNet drawn_network(const NetworkConfig& config) {
  UNet network(config, 11);
  torch::manual_seed(4);
  const torch::NoGradGuard no_gradient;
  for (torch::Tensor& parameter : network->parameters()) {
    if (parameter.dim() == 1) continue;  // biases and normalisations
    const double bound = 1 / std::sqrt(static_cast<double>(parameter[0].numel()));
    parameter.uniform_(-bound, bound);
  }
  return network;
}

/// Three levels with attention in two of them and in the middle; a few thousand parameters.
inline NetworkConfig tiny_config() {
  NetworkConfig config;
  config.in_channels = 3;
  config.out_channels = 2;
  config.channels = 8;
  config.multipliers = {1, 2, 3};
  config.attention_levels = {1, 2};
  config.attention_middle = true;
  config.time_channels = 12;
  config.groups = 4;
  return config;
}

/// Networks that differ in what they are made of, by name.
inline NetworkConfig variant(const std::string& what) {
  NetworkConfig config = tiny_config();
  if (what == "periodic") config.padding = Padding::periodic;
  if (what == "bicubic" || what == "periodic") config.upsampling = Upsampling::bicubic;
  if (what == "plain") {
    config.attention_levels = {};
    config.attention_middle = false;
    config.residual_blocks = 2;
  }
  if (what == "two_grid_waves") config.two_grid_waves = true;
  if (what == "narrowing") {
    config.multipliers = {2, 1};
    config.attention_levels = {0};
  }
  if (what == "dpdm") return network_preset("dpdm", 4, 1);
  if (what == "small") return network_preset("small", 5, 2);
  return config;
}

/// One evaluation: where networks are compared with themselves.
inline constexpr double tried_time = 321;
inline constexpr std::size_t tried_height = 16, tried_width = 24;

/// What the network itself gives for x [n, c, h, w] at that time.
inline torch::Tensor exact(UNet network, const torch::Tensor& x) {
  const torch::NoGradGuard no_gradient;
  network->eval();
  return network->forward(x, torch::full({1}, tried_time));
}

/// |a - b| / |b|, L2 norms in double.
inline double relative_distance(const torch::Tensor& a, const torch::Tensor& b) {
  const torch::Tensor wanted = b.to(torch::kCPU, torch::kFloat64);
  return ((a.to(torch::kCPU, torch::kFloat64) - wanted).norm() / wanted.norm()).item<double>();
}

}  // namespace hindscale
