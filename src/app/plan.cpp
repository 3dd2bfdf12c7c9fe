// SPDX-License-Identifier: Apache-2.0
// What training and reconstruction of a namelist cost on a machine, before a job is queued.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <numeric>

#include "archive_workload.hpp"
#include "experiment_outline.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/units.hpp"
#include "hindscale/model/devices.hpp"
#include "machine_rates.hpp"
#include "memory_estimate.hpp"
#include "plan_table.hpp"
#include "report_lines.hpp"

namespace hindscale {
namespace {

double fields_of(const std::vector<ArchiveWorkload>& archives) {
  double n = 0;
  for (const ArchiveWorkload& work : archives)
    n += std::accumulate(work.unit_fields.begin(), work.unit_fields.end(), 0.0);
  return n;
}

void print_machine(const MachineOptions& machine) {
  std::cout << fmt::format(
      "&machine\n  name = '{}'\n  nodes = {}\n  ranks_per_node = {}\n  memory_gib = {:g}\n"
      "  evaluation_gflops = {:.4g}\n  training_gflops = {:.4g}\n  write_mib_s = {:.4g}\n"
      "  disk_mib_s = {:g}\n  overhead = {:g}\n  training_overhead = {:g}\n  start_s = {:g}\n/\n\n",
      machine.name, fmt::join(machine.nodes, ", "), machine.ranks_per_node, machine.memory_gib,
      machine.evaluation_gflops, machine.training_gflops, machine.write_mib_s, machine.disk_mib_s,
      machine.overhead, machine.training_overhead, machine.start_s);
}

void print_work(const Options& options, const ExperimentOutline& outline,
                const std::vector<ArchiveWorkload>& archives) {
  const double fields = fields_of(archives);
  const double a_tile =
      flop_of(outline.network->config(), options.tiling.size[0], options.tiling.size[1]);
  double evaluations = 0, units = 0;
  const std::int64_t most_ranks =
      std::ranges::max(options.machine.nodes) * options.machine.ranks_per_node;
  for (const ArchiveWorkload& work : archives) {
    evaluations += fields_of({work}) * work.evaluations_a_field;
    units += static_cast<double>(work.unit_fields.size());
  }
  std::cout << "reconstruction\n";
  print_line("fields", fmt::format("{:.0f} in {:.0f} units, those that show the seams included",
                                   fields, units));
  print_line("network evaluations", fmt::format("{:.4g} tiles of {:.4g} GFLOP: {:.4g} FLOP",
                                                evaluations, a_tile / giga, evaluations * a_tile));
  print_line("disk", fmt::format("{:.1f} MiB before compression, statistics included",
                                 disk_bytes(options, outline.content, most_ranks) / mib));
}

/// On the fewest nodes, where ranks have most patches.
void print_training(const Options& options, const ExperimentOutline& outline) {
  const MachineOptions& machine = options.machine;
  const std::int64_t n_ranks =
      std::min(std::ranges::min(machine.nodes) * machine.ranks_per_node, options.training.batch);
  const double bytes = training_bytes(
      {options, outline.content, outline.network, layout_of(options, outline.content)}, n_ranks);
  const auto on_a_node = static_cast<double>(std::min(machine.ranks_per_node, n_ranks));
  std::cout << "training\n";
  print_line(
      "memory a rank",
      fmt::format("{:.0f} MiB at the peak on {} ranks{}", bytes / mib, n_ranks,
                  fits_node(machine, bytes * on_a_node)
                      ? ""
                      : ": too much for a node; lower training/cache_mib, set "
                        "training/recompute, raise training/accumulation or start fewer ranks"));
}

}  // namespace

ExitCode run_plan(const Context& context, const Options& asked) {
  if (asked.machine.nodes.empty())
    throw InputError({.problem = "no number of nodes to plan for",
                      .advice = "write one or more",
                      .key = "machine/nodes"});
  Options options = asked;
  set_threads(static_cast<int>(options.experiment.threads));
  std::optional<ExperimentOutline> outline;
  std::vector<ArchiveWorkload> archives;
  together(context.comm, [&] {
    outline.emplace(outline_of(options));
    archives = archives_of(options, *outline);
  });
  std::vector<BatchRate> batches;
  if (options.machine.evaluation_gflops <= 0)
    batches = measured_batches(context, options, *outline);
  options.machine = measured_machine(context, options, *outline);
  if (!context.comm.is_root()) return ExitCode::done;
  print_machine(options.machine);
  print_training(options, *outline);
  print_work(options, *outline, archives);
  print_costs(options, *outline, batches);
  return ExitCode::done;
}

}  // namespace hindscale
