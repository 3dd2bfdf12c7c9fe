// SPDX-License-Identifier: Apache-2.0
// A network trained on the world's endless fields.
#pragma once

#include <cstdint>
#include <filesystem>

#include "hindscale/model/unet.hpp"
#include "hindscale/sampler/schedule.hpp"
#include "hindscale/train/optimizer.hpp"
#include "hindscale/train/weight_average.hpp"
#include "posterior/trial.hpp"
#include "posterior/world.hpp"

namespace hindscale {

struct PosteriorTraining {
  std::int64_t steps = 8000;  ///< of the whole training; the learning rate falls to zero over them
  std::int64_t batch = 16;
  double learning_rate = 2e-3;  ///< largest
  std::int64_t warmup = 200;
  double ema_decay = 0.999;
  double gradient_clip = 1;
  std::uint64_t seed = 1;
};

/// The noise levels the network is trained at.
Schedule posterior_schedule();

/// Trains a UNet with periodic padding for v, shown the noisy field's shares at the grid's own
/// wavenumber and conditioned on first guess, coarse field, areas and places within a block. Every
/// field of the training is new; all is keyed by step and field, so a training that was stopped
/// goes on to the same bits. Keeps a reference to the world.
class PosteriorTrainer {
 public:
  PosteriorTrainer(const PosteriorWorld& world, const PosteriorTraining& plan);

  /// One step; returns its loss.
  double step();
  [[nodiscard]] std::int64_t steps_done() const { return step_; }

  /// Writes "<root>/step_NNNNNNNN" and keeps the newest two.
  void save(const std::filesystem::path& root) const;
  /// Goes on from the newest checkpoint under `root`, if there is one. InputError where it belongs
  /// to another plan.
  void restore(const std::filesystem::path& root);

  /// Denoisers by the average of the weights. Shares the network; must not outlive the world.
  [[nodiscard]] PosteriorModel model() const;

  [[nodiscard]] const UNet& network() const { return network_; }

 private:
  const PosteriorWorld& world_;
  PosteriorTraining plan_;
  Schedule schedule_;
  UNet network_, average_;
  Optimizer optimizer_;
  WeightAverage weight_average_;
  std::int64_t step_ = 0;
};

}  // namespace hindscale
