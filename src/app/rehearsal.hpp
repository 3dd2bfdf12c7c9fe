// SPDX-License-Identifier: Apache-2.0
// Some seconds of a stage's own work, timed before the stage is run.
#pragma once

#include "experiment_outline.hpp"
#include "hindscale/comm/context.hpp"

namespace hindscale {

/// How fast a rank is while all work: its network, and what it does beside it.
struct Pace {
  double gflops = 0;    ///< the network alone, as a plan counts its work
  double overhead = 0;  ///< other time, as a share of the network's
};

/// Whether the experiment's store is there and holds its variables on its grid.
bool can_rehearse(const Options& options, const ExperimentOutline& outline);

/// Units of a reconstruction in small, by each rank alone: inputs from the store, fields by an
/// untrained network, files into a folder that is removed again. Their writing is no overhead: a
/// plan reckons it apart. Collective.
Pace rehearse_fields(const Context& context, const Options& options);

/// Steps of a training: passes, exchange and updates, and batches where samples cannot all be kept;
/// those of a GAN without and with its adversary, weighted by how many the training has of each.
/// InputError as of the trainer. Collective.
Pace rehearse_training(const Context& context, const Options& options);

}  // namespace hindscale
