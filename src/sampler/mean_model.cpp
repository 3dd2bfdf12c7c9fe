// SPDX-License-Identifier: Apache-2.0
#include "hindscale/sampler/mean_model.hpp"

namespace hindscale {

torch::Tensor mean_of(UNet network, const torch::Tensor& condition) {
  const torch::NoGradGuard no_gradient;
  const std::int64_t n_state = network->config().out_channels;
  const torch::Tensor state = torch::zeros(
      {condition.size(0), n_state, condition.size(2), condition.size(3)}, condition.options());
  return network->forward(torch::cat({state, condition}, 1),
                          torch::zeros({1}, condition.options()));
}

}  // namespace hindscale
