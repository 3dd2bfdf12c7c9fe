// SPDX-License-Identifier: Apache-2.0
#include "module_evaluator.hpp"

#include <torch/torch.h>

#include "hindscale/model/bridge.hpp"

namespace hindscale {

ModuleEvaluator::ModuleEvaluator(const FieldNetwork& network, const EvaluatorOptions& options)
    : network_(copy_of(network)), options_(options) {
  network_->to(options.device);
  network_->set_precision(options.precision);
  network_->eval();
}

void ModuleEvaluator::evaluate(View<const float, 4> input, double time, View<float, 4> output) {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor when = torch::full({1}, time).to(options_.device);
  for (std::size_t i = 0; i < input.extent(0); ++i) {
    const torch::Tensor x = tensor_of(input[i]).unsqueeze(0).to(options_.device);
    copy_to_view(network_->forward(x, when), output[i]);
  }
}

std::size_t ModuleEvaluator::out_channels() const {
  return static_cast<std::size_t>(network_->config().out_channels);
}

/// Weights, and what one sample's pass holds at most: input, its folded copy, three feature maps.
std::size_t ModuleEvaluator::bytes() const {
  const NetworkConfig& config = network_->config();
  const auto cells = static_cast<std::int64_t>(options_.height * options_.width);
  const std::int64_t maps = 2 * config.in_channels + 3 * config.channels + config.out_channels;
  return sizeof(float) * static_cast<std::size_t>(parameter_count(*network_) + cells * maps);
}

}  // namespace hindscale
