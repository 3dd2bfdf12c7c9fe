// SPDX-License-Identifier: Apache-2.0
// What a plan comes to: a line for each number of nodes.
#pragma once

#include <vector>

#include "archive_workload.hpp"
#include "experiment_outline.hpp"
#include "machine_rates.hpp"

namespace hindscale {

/// Time, node-hours, idle time and memory of reconstruction and training, on the standard output.
/// With the rates of `batches` also the best ensemble/batch and what it saves. InputError where the
/// calls of the sampler cannot be counted.
void print_costs(const Options& options, const ExperimentOutline& outline,
                 const std::vector<BatchRate>& batches);

/// The archives that a reconstruction makes: its own, and the one that shows the seams.
std::vector<ArchiveWorkload> archives_of(const Options& options, const ExperimentOutline& outline);

}  // namespace hindscale
