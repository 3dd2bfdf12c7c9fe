// SPDX-License-Identifier: Apache-2.0
// Fast evaluation of a trained network, without gradients.
#pragma once

#include <torch/types.h>

#include <memory>

#include "hindscale/core/array.hpp"
#include "hindscale/model/field_network.hpp"

namespace hindscale {

/// A copy of a network made ready for inputs of one size. On the CPU each sample is computed by
/// itself in one thread, so that its result depends neither on the others nor on the threads.
class Evaluator {
 public:
  Evaluator() = default;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;
  virtual ~Evaluator() = default;

  /// input [n, in, h, w] -> output [n, out, h, w], all at the network's `time`; NaN spreads as in
  /// the network itself.
  virtual void evaluate(View<const float, 4> input, double time, View<float, 4> output) = 0;

  /// The same for a tensor on any device, where the output is, too, float32; by way of the host
  /// where the evaluator computes elsewhere.
  [[nodiscard]] virtual torch::Tensor forward(const torch::Tensor& input, double time);

  [[nodiscard]] virtual std::size_t out_channels() const = 0;

  /// Of packed weights and of what all threads need, in the host's memory.
  [[nodiscard]] virtual std::size_t bytes() const = 0;
};

struct EvaluatorOptions {
  std::size_t height = 0, width = 0;  ///< of inputs, multiples of the network's divisor
  Precision precision = Precision::float32;
  torch::Device device = torch::kCPU;
  std::size_t batch = 1;  ///< samples a call on other devices; fewer are padded to it
};

/// A UNet on the CPU by oneDNN and fused passes, samples spread over the threads that `set_threads`
/// set; on GPUs and for other networks by LibTorch. SystemError where oneDNN cannot do an
/// operation.
std::unique_ptr<Evaluator> make_evaluator(const FieldNetwork& network,
                                          const EvaluatorOptions& options);

/// The output for input [n, in, h, w] of any device, on the host.
torch::Tensor evaluate(Evaluator& evaluator, const torch::Tensor& input, double time);

}  // namespace hindscale
