// SPDX-License-Identifier: Apache-2.0
// One training step after the other: gradients of a global batch over all ranks, and the update
// they lead to.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "hindscale/comm/context.hpp"
#include "hindscale/dataset/patches.hpp"
#include "hindscale/dataset/sample_cache.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/train/adversary.hpp"
#include "hindscale/train/batch.hpp"
#include "hindscale/train/batch_ahead.hpp"
#include "hindscale/train/gradient_reducer.hpp"
#include "hindscale/train/loss_table.hpp"
#include "hindscale/train/optimizer.hpp"
#include "hindscale/train/weight_average.hpp"

namespace hindscale {

/// What one step did; the same on every rank but for the seconds.
struct StepReport {
  std::int64_t step = 0;  ///< counted from 1
  double loss = 0;        ///< weighted squared error a value, over the global batch
  LossTable parts{};      ///< of which it is made
  std::optional<AdversaryTerms> adversary{};  ///< of a GAN, from gan/start on
  double gradient_norm = 0;                   ///< before clipping
  double learning_rate = 0;
  double data_s = 0;        ///< this rank's seconds in making batches
  double reduction_s = 0;   ///< from its passes until it has what all made
  bool wants_stop = false;  ///< some rank asked for it
};

/// Says, when handed to a step, that this rank would like to stop after it.
enum class StopWish { none, stop };

/// Owns the network, the average of its weights, the state of the optimizer, and the adversary of a
/// GAN. A step's batch is
/// a function of the seed and the step alone; a rank computes a contiguous share of it, and
/// gradients are sums over ranks of what is already divided by the global number of values, so
/// neither losses nor updates depend on the number of ranks (but for rounding). Keeps references to
/// the context and the samples.
class Trainer {
 public:
  /// InputError: fewer patches a step than ranks, patch that does not fit the domain or the
  /// network, no training months.
  Trainer(const Context& context, const Options& options, const NetworkConfig& network,
          SampleCache& samples);

  /// Steps done.
  [[nodiscard]] std::int64_t step() const { return step_; }
  /// Forward and backward of the next step: afterwards every rank's parameters carry the global
  /// gradient, not clipped. Collective.
  StepReport compute_gradients(StopWish wish = StopWish::none);
  /// Clips, updates weights and their average, and frees the gradients.
  void update(const StepReport& report);

  /// The months in the batch of a step (counted from 1), in the order of its patches.
  [[nodiscard]] std::vector<Month> months_of(std::int64_t step) const;
  [[nodiscard]] FieldNetwork network() const { return network_; }
  /// In evaluation mode.
  [[nodiscard]] FieldNetwork average() const { return average_; }

  /// Before the first step: takes the averaged weights of another training for its own. InputError
  /// where a tensor is missing or of another shape.
  void begin_with(const CheckpointContent& content);
  /// Adds "raw.*" and "average.*" to `model` and fills `optimizer`.
  void save(CheckpointContent& content) const;
  /// The reverse, at this step. InputError where a tensor is missing or of another shape.
  void restore(const CheckpointContent& content, std::int64_t step);

 private:
  [[nodiscard]] std::vector<std::vector<Patch>> own_parts(std::int64_t step) const;
  [[nodiscard]] bool has_adversary() const { return adversary_ && adversary_->takes_part(step_); }
  torch::Tensor pass(const Batch& batch, BatchPart part, double n_values);
  void share(const std::vector<double>& own, StepReport& report) const;
  [[nodiscard]] Regions* regions() const { return context_.regions.get(); }

  const Context& context_;
  TrainingOptions options_;
  std::uint64_t seed_;
  std::int64_t n_levels_;
  std::vector<double> variable_weights_;
  std::vector<Month> months_;  ///< of training, the plan's items
  PatchPlan plan_;
  BatchMaker batches_;
  BatchAhead ahead_;
  FieldNetwork network_;
  FieldNetwork average_;
  std::vector<torch::Tensor> parameters_;
  Optimizer optimizer_;
  WeightAverage weight_average_;
  GradientReducer reducer_;
  std::optional<Adversary> adversary_;
  std::int64_t step_ = 0;
};

/// The plan of training patches on these months.
PatchPlanOptions patch_plan_options(const Options& options, const StoreContent& content,
                                    std::size_t n_months);

}  // namespace hindscale
