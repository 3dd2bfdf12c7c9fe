// SPDX-License-Identifier: Apache-2.0
#include "random_weights.hpp"

#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "hindscale/model/discriminator.hpp"

namespace hindscale {
namespace {

/// U(-bound, bound).
void fill_parameter(torch::Tensor& parameter, double bound, const StreamKey& key) {
  std::vector<double> numbers(static_cast<std::size_t>(parameter.numel()));
  fill_uniform(key, 0, numbers);
  torch::Tensor values = torch::empty(parameter.sizes(), torch::kFloat32);
  float* to = values.data_ptr<float>();
  for (const double number : numbers) *to++ = static_cast<float>(bound * (2 * number - 1));
  parameter.copy_(values);
}

}  // namespace

void draw_weights(torch::nn::Module& network, StreamKey key) {
  torch::NoGradGuard no_gradient;
  for (const auto& module : network.modules(false)) {
    const bool is_layer = module->as<torch::nn::Conv2d>() != nullptr ||
                          module->as<torch::nn::Linear>() != nullptr ||
                          module->as<SpectralConvolution>() != nullptr;
    auto parameters = module->named_parameters(false);
    if (!is_layer) continue;  // normalisations start as the identity
    const torch::Tensor& weight = parameters["weight"];
    const double bound = 1 / std::sqrt(static_cast<double>(weight.numel() / weight.size(0)));
    for (auto& item : parameters) {
      fill_parameter(item.value(), bound, key);
      ++key.a;
    }
  }
}

void zero_weights(const torch::nn::Conv2d& layer) {
  torch::NoGradGuard no_gradient;
  layer->weight.zero_();
  if (layer->bias.defined()) layer->bias.zero_();
}

}  // namespace hindscale
