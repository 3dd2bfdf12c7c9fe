// SPDX-License-Identifier: Apache-2.0
// The running average of weights.
#include "hindscale/train/weight_average.hpp"

#include <torch/torch.h>

#include <algorithm>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/weight_updates.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {

double average_decay(double decay, std::int64_t n_updates) {
  const auto n = static_cast<double>(n_updates);
  return std::min(decay, (1 + n) / (10 + n));
}

WeightAverage::WeightAverage(const torch::nn::Module& network, const torch::nn::Module& average,
                             double decay)
    : weights_(network.parameters()), averages_(average.parameters()), decay_(decay) {
  HINDSCALE_ASSERT(weights_.size() == averages_.size());
  torch::NoGradGuard no_gradient;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    averages_[i].requires_grad_(false);
    averages_[i].copy_(weights_[i]);
  }
}

void WeightAverage::update(std::int64_t n_updates) {
  torch::NoGradGuard no_gradient;
  const double share = 1 - average_decay(decay_, n_updates);
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const torch::Tensor& weight = weights_[i];
    torch::Tensor& average = averages_[i];
    if (has_plain_memory(weight) && has_plain_memory(average) &&
        weight.strides() == average.strides()) {
      loops::approach(weight.data_ptr<float>(), static_cast<float>(share), weight.numel(),
                      average.data_ptr<float>());
    } else {
      average.lerp_(weight, share);
    }
  }
}

}  // namespace hindscale
