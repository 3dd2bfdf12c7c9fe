// SPDX-License-Identifier: Apache-2.0
// Evaluation of the UNet by LibTorch's own operations, for GPUs.
#pragma once

#include <torch/types.h>

#include "hindscale/model/evaluator.hpp"

namespace hindscale {

/// Owns a copy of the network on its device. Every call has the shape of the batch, so that the
/// libraries below take the same way whatever the number of samples.
class DeviceEvaluator final : public Evaluator {
 public:
  DeviceEvaluator(const UNet& network, const EvaluatorOptions& options);
  void evaluate(View<const float, 4> input, double time, View<float, 4> output) override;
  [[nodiscard]] std::size_t out_channels() const override {
    return static_cast<std::size_t>(network_->config().out_channels);
  }
  [[nodiscard]] std::size_t bytes() const override { return input_.nbytes(); }

 private:
  UNet network_;
  torch::Device device_;
  torch::Tensor input_;  ///< of one call, on the host
};

}  // namespace hindscale
