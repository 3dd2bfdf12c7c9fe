// SPDX-License-Identifier: Apache-2.0
// Everything a training needs, built on a synthetic store.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "hindscale/train/network_config.hpp"
#include "hindscale/train/training_run.hpp"
#include "hindscale/train/training_state.hpp"
#include "support/temporary.hpp"
#include "train/synthetic_store.hpp"

namespace hindscale::test {

inline Context world_context() {
  Context context;
  context.comm = Communicator::world();
  return context;
}

/// Owns the parts of one training. Not movable: the parts refer to each other.
class Workplace {
 public:
  /// The store lies at options.store_path().
  Workplace(const Context& context_of_run, const Options& options_of_run)
      : context(context_of_run),
        options(options_of_run),
        reader(options.store_path()),
        content(read_content(reader)),
        conditioning(reader, content, {.model = options.model, .diffusion = options.diffusion}),
        samples(reader, conditioning, 64),
        network(network_config(options, 2, conditioning.n_channels())),
        trainer(context, options, network, samples),
        loss_validator(context, options, samples),
        crps_validator(context, options, reader, conditioning) {}
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  /// A run from the newest checkpoint; `wall_time_s` as in the namelist.
  ExitCode run(double wall_time_s = 0) {
    const WallTime wall_time(wall_time_s);
    TrainingRun training(
        {context, options, conditioning, trainer, loss_validator, &crps_validator, wall_time},
        describe_training(options, conditioning, network, "digest"));
    training.resume();
    return training.run();
  }

  const Context& context;
  Options options;
  StoreReader reader;
  StoreContent content;
  Conditioning conditioning;
  SampleCache samples;
  NetworkConfig network;
  Trainer trainer;
  LossValidator loss_validator;
  CrpsValidator crps_validator;
};

/// Trainings on all ranks together and on each alone, in a folder of their own.
struct TrainingTest : testing::Test {
  Context world = world_context();
  Context alone{};
  TemporaryFolder folder{world.comm};
  Options options = small_options(folder.path());

  void make_store(Gaps gaps) const {
    write_synthetic_store(world.comm, options.store_path(), gaps);
  }
};

}  // namespace hindscale::test
