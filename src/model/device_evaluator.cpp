// SPDX-License-Identifier: Apache-2.0
#include "device_evaluator.hpp"

#include <algorithm>

#include "hindscale/core/error.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/network.hpp"

namespace hindscale {

DeviceEvaluator::DeviceEvaluator(const UNet& network, const EvaluatorOptions& options)
    : network_(network->config(), 0),
      device_(options.device),
      input_(torch::zeros({static_cast<std::int64_t>(options.batch), network->config().in_channels,
                           static_cast<std::int64_t>(options.height),
                           static_cast<std::int64_t>(options.width)})) {
  load_parameters(*network_, copy_parameters(*network, ""), "");
  network_->to(device_);
  network_->set_precision(options.precision);
  network_->eval();
}

void DeviceEvaluator::evaluate(View<const float, 4> input, double time, View<float, 4> output) {
  const torch::NoGradGuard no_gradient;
  const torch::Tensor times = torch::full({1}, time, torch::kFloat32).to(device_);
  const auto batch = static_cast<std::size_t>(input_.size(0));
  const std::size_t a_sample = input[0].size(), a_result = output[0].size();
  for (std::size_t first = 0; first < input.extent(0); first += batch) {
    const std::size_t n = std::min(batch, input.extent(0) - first);
    std::copy_n(input.data() + first * a_sample, n * a_sample, input_.data_ptr<float>());
    const torch::Tensor made = network_->forward(input_.to(device_), times);
    copy_from_tensor(made.narrow(0, 0, static_cast<std::int64_t>(n)),
                     output.data() + first * a_result, n * a_result);
  }
}

}  // namespace hindscale
