// SPDX-License-Identifier: Apache-2.0
// Evaluation of the UNet on GPUs.
#pragma once

#include <torch/types.h>

#include "device_network.hpp"
#include "device_recording.hpp"
#include "hindscale/model/evaluator.hpp"

namespace hindscale {

/// Owns a copy of the network on its device. Every call has the shape of the batch, so that the
/// libraries below take the same way whatever the number of samples.
class DeviceEvaluator final : public Evaluator {
 public:
  DeviceEvaluator(const UNet& network, const EvaluatorOptions& options);
  void evaluate(View<const float, 4> input, double time, View<float, 4> output) override;
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& input, double time) override;
  [[nodiscard]] std::size_t out_channels() const override {
    return static_cast<std::size_t>(host_output_.size(1));
  }
  [[nodiscard]] std::size_t bytes() const override {
    return host_input_.nbytes() + host_output_.nbytes();
  }

 private:
  DeviceNetwork network_;
  torch::Tensor host_input_, host_time_, host_output_;  ///< of one call, where the device copies
  torch::Tensor input_, time_, output_;                 ///< the same on the device
  DeviceRecording recording_;
};

}  // namespace hindscale
