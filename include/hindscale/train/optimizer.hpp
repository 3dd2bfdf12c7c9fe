// SPDX-License-Identifier: Apache-2.0
// AdamW (Loshchilov and Hutter 2019) with its state as named tensors, and the norm of all
// gradients.
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hindscale/model/network.hpp"

namespace hindscale {

struct OptimizerOptions {
  double weight_decay =
      0.01;  ///< of weights with two or more axes; biases and normalisations are not decayed
  double beta1 = 0.9;
  double beta2 = 0.99;
};

/// Changes the parameters of a network. Shares their storage. Float32 ones on the host are updated
/// in one pass over their memory, others by LibTorch's operations.
class Optimizer {
 public:
  Optimizer(const torch::nn::Module& network, const OptimizerOptions& options);

  /// One update with the gradients the parameters carry; one without a gradient stays as it is.
  void step(double learning_rate);
  /// Frees all gradients.
  void clear_gradients();

  /// "step" [1] int64, "exp_avg.<parameter>", "exp_avg_sq.<parameter>": copies on the host. Empty
  /// before the first step.
  [[nodiscard]] NamedTensors state() const;
  /// The reverse; an empty map is the state before the first step. InputError naming a tensor that
  /// is missing or of another shape.
  void restore(const NamedTensors& state);

 private:
  struct Slot {
    torch::Tensor weight;
    torch::Tensor first, second;  ///< means of gradients and of their squares, strided like it
    double weight_decay = 0;
  };

  std::map<std::string, Slot> slots_;
  OptimizerOptions options_;
  std::int64_t n_steps_ = 0;
};

/// Euclidean norm of all gradients taken as one vector, accumulated in double. Parameters without
/// one count as zero.
double gradient_norm(const std::vector<torch::Tensor>& parameters);

/// Multiplies all gradients; a factor of exactly 1 leaves them untouched.
void scale_gradients(const std::vector<torch::Tensor>& parameters, double factor);

}  // namespace hindscale
