// SPDX-License-Identifier: Apache-2.0
// The adversarial part of a training: a discriminator that learns beside the generator.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "hindscale/comm/context.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/model/discriminator.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/train/batch.hpp"
#include "hindscale/train/gradient_reducer.hpp"
#include "hindscale/train/optimizer.hpp"

namespace hindscale {

/// The terms of one step over the global batch; places without data do not count.
struct AdversaryTerms {
  double discriminator = 0;  ///< hinge loss: mean of max(0, 1 - D(true)) + max(0, 1 + D(made))
  double adversarial = 0;    ///< mean of -D(made)
  double feature = 0;        ///< mean absolute difference of features, summed over layers
  double trained = 0;        ///< 1 where the discriminator was trained, else 0
};

enum class BatchPart { inner, last };

/// Owns the discriminator and its optimizer. Of the two losses
///   generator: adversarial_weight * adversarial + feature_weight * feature, beside its own,
///   discriminator: its hinge loss (Lim and Ye 2017),
/// gradients are sums over ranks of what is divided by the global number of values. Keeps a
/// reference to the context.
class Adversary {
 public:
  /// `n_conditions`: input channels behind the noisy field, which the discriminator sees too.
  Adversary(const Context& context, const Options& options, std::int64_t n_variables,
            std::int64_t n_conditions);

  /// Whether a step (counted from 0) has an adversary.
  [[nodiscard]] bool takes_part(std::int64_t step) const { return step >= options_.start; }
  /// One part of this rank's batch: adds the discriminator's gradient; returns the gradient of the
  /// generator's terms with respect to its output [n, v, h, w], for a loss that divides by the
  /// number of all values, missing ones too.
  torch::Tensor judge(const torch::Tensor& output, const Batch& batch, BatchPart part);
  /// Sums over ranks. Collective.
  AdversaryTerms finish();
  /// Trains the discriminator unless it knows too much already (gan/least_loss).
  void update(const AdversaryTerms& terms, double learning_rate);

  /// "discriminator.*" in model and optimizer.
  void save(CheckpointContent& content) const;
  void restore(const CheckpointContent& content);

 private:
  [[nodiscard]] torch::Tensor seen(const torch::Tensor& field, const Batch& batch) const;

  const Context& context_;
  GanOptions options_;
  std::int64_t n_variables_, batch_;
  double clip_;
  Discriminator discriminator_;
  std::vector<torch::Tensor> parameters_;
  Optimizer optimizer_;
  GradientReducer reducer_;
  std::vector<double> sums_;  ///< of this rank's parts: three terms, weight of places, places
};

}  // namespace hindscale
