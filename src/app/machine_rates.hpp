// SPDX-License-Identifier: Apache-2.0
// The rates that a plan reckons with, measured with the experiment's own network and files.
#pragma once

#include <vector>

#include "experiment_outline.hpp"
#include "hindscale/comm/context.hpp"

namespace hindscale {

/// Fills the rates of &machine that are 0: the network on tiles, passes of training on patches, a
/// file written into the experiment's folder and removed again. Where the store is there, the first
/// two are rehearsals of the stages, and the overheads that are not set are theirs. All ranks at
/// the same time, means over them. Some seconds each. Collective.
MachineOptions measured_machine(const Context& context, const Options& options,
                                const ExperimentOutline& outline);

/// The network alone, so many tiles a call.
struct BatchRate {
  std::int64_t batch = 0;
  double gflops = 0;
};

/// Batches of 1, 2, 4, ... tiles, as many as a unit has at most, until larger ones are not faster
/// or too large for a node's memory (machine/memory_gib, or what this machine has), and
/// ensemble/batch; ascending. Each is timed on the way up and on the way back. Nothing on a GPU,
/// where calls are made in full. Some seconds each. Collective.
std::vector<BatchRate> measured_batches(const Context& context, const Options& options,
                                        const ExperimentOutline& outline);

}  // namespace hindscale
