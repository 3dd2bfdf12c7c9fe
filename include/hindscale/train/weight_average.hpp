// SPDX-License-Identifier: Apache-2.0
// The exponential moving average of a network's weights.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace hindscale {

/// min(decay, (1 + n) / (10 + n)): short memory while the average is young.
double average_decay(double decay, std::int64_t n_updates);

/// Keeps the weights of one network as the running average of another's. Shares the storage of both
/// networks' parameters, so loading weights into either one (from a checkpoint) is seen here.
class WeightAverage {
 public:
  /// Two networks of the same shape on the same device; `average` becomes a copy of `network`.
  WeightAverage(const torch::nn::Module& network, const torch::nn::Module& average, double decay);
  /// average += (1 - d) (network - average), d = average_decay(decay, n_updates); n_updates counts
  /// those done before.
  void update(std::int64_t n_updates);

 private:
  std::vector<torch::Tensor> weights_;
  std::vector<torch::Tensor> averages_;
  double decay_;
};

}  // namespace hindscale
