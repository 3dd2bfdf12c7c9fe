// SPDX-License-Identifier: Apache-2.0
// What training and reconstruction of a namelist cost on a machine, before a job is queued.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>

#include "archive_workload.hpp"
#include "experiment_outline.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/model/devices.hpp"
#include "machine_rates.hpp"
#include "memory_estimate.hpp"
#include "report_units.hpp"

namespace hindscale {
namespace {

constexpr double hour_s = 3600;

std::string duration(double seconds) {
  if (seconds < 300) return fmt::format("{:.3g} s", seconds);
  return seconds < 3 * hour_s ? fmt::format("{:.3g} min", seconds / 60)
                              : fmt::format("{:.4g} h", seconds / hour_s);
}

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

/// Steps, and the evaluations of the validations between them. On `ranks` ranks, at most one a
/// patch.
double training_seconds(const Options& options, const ExperimentOutline& outline, double ranks) {
  const TrainingOptions& training = options.training;
  const NetworkConfig& config = outline.network->config();
  const MachineOptions& machine = options.machine;
  const double a_patch = flop_of(config, training.patch_size[0], training.patch_size[1]) / giga;
  constexpr double passes = 3;
  const double patches = std::ceil(static_cast<double>(training.batch) / ranks);
  const double steps_s = static_cast<double>(training.steps) * patches * passes * a_patch /
                         machine.training_gflops * (1 + machine.training_overhead);
  const bool validates =
      outline.content.validation.last_year >= outline.content.validation.first_year;
  const double validations = validates ? std::ceil(static_cast<double>(training.steps) /
                                                   static_cast<double>(training.validate_every))
                                       : 0;
  Options validating = options;
  validating.sampling.steps = training.validation_steps;
  const double a_field = workload_of(validating, outline.content).evaluations_a_field *
                         flop_of(config, options.tiling.size[0], options.tiling.size[1]) / giga;
  const double fields =
      static_cast<double>(training.validation_months * training.validation_members);
  return machine.start_s + steps_s +
         validations * fields * a_field / machine.evaluation_gflops / ranks;
}

/// Where there are more ranks than patches a step, some cannot take part.
std::string training_text(const Options& options, const ExperimentOutline& outline,
                          std::int64_t ranks) {
  const std::int64_t n_used = std::min(ranks, options.training.batch);
  const std::string time =
      duration(training_seconds(options, outline, static_cast<double>(n_used)));
  return n_used < ranks ? fmt::format("{} on {}", time, n_used) : time;
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

/// What ranks of a training keep, and whether a node can.
void print_training(const Options& options, const ExperimentOutline& outline) {
  const MachineOptions& machine = options.machine;
  const double bytes = training_bytes(
      {options, outline.content, outline.network, layout_of(options, outline.content)});
  const auto ranks = static_cast<double>(std::min(machine.ranks_per_node, options.training.batch));
  const bool fits = machine.memory_gib <= 0 || bytes * ranks < machine.memory_gib * 1024 * mib;
  std::cout << "training\n";
  print_line(
      "memory a rank",
      fmt::format(
          "{:.0f} MiB for weights and samples, besides the network's activations{}", bytes / mib,
          fits ? "" : ": too much for a node; lower training/cache_mib or start fewer ranks"));
}

/// One line a number of nodes.
void print_costs(const Options& options, const ExperimentOutline& outline,
                 const std::vector<ArchiveWorkload>& archives) {
  const MachineOptions& machine = options.machine;
  const double a_tile =
      flop_of(outline.network->config(), options.tiling.size[0], options.tiling.size[1]) / giga;
  const Rates rates{.evaluations_a_s = machine.evaluation_gflops / a_tile,
                    .overhead = machine.overhead,
                    .write_bytes_a_s = machine.write_mib_s * mib,
                    .disk_bytes_a_s = machine.disk_mib_s * mib,
                    .start_s = machine.start_s};
  const TileLayout tiles = layout_of(options, outline.content);
  std::cout << fmt::format("  {:>6}{:>8}{:>14}{:>12}{:>12}{:>8}{:>8}{:>12}{:>18}\n", "nodes",
                           "ranks", "ranks a field", "time", "node-hours", "idle", "I/O",
                           "MiB a rank", "training");
  for (const std::int64_t nodes : machine.nodes) {
    const auto ranks = static_cast<std::size_t>(nodes * machine.ranks_per_node);
    const Layout layout = best_layout(archives, rates, ranks);
    const Cost cost = cost_of(archives, rates, layout);
    Options own = options;
    own.ensemble.ranks_per_field = static_cast<std::int64_t>(layout.ranks_per_field);
    const double bytes = reconstruction_bytes({own, outline.content, outline.network, tiles});
    const bool fits =
        machine.memory_gib <= 0 ||
        bytes * static_cast<double>(machine.ranks_per_node) < machine.memory_gib * 1024 * mib;
    std::cout << fmt::format(
        "  {:>6}{:>8}{:>14}{:>12}{:>12.4g}{:>7.1f}%{:>7.1f}%{:>12.0f}{:>18}{}\n", nodes, ranks,
        layout.ranks_per_field, duration(cost.seconds),
        cost.seconds / hour_s * static_cast<double>(nodes), 100 * cost.idle_share(),
        100 * cost.writing_s / cost.seconds, bytes / mib,
        training_text(options, outline, static_cast<std::int64_t>(ranks)),
        fits ? "" : "  too little memory on a node");
    if (options.experiment.wall_time_s > 0 && cost.seconds > options.experiment.wall_time_s)
      print_line("", fmt::format("{:.0f} jobs of experiment/wall_time_s, one after the other",
                                 std::ceil(cost.seconds / options.experiment.wall_time_s)));
  }
}

}  // namespace

ExitCode run_plan(const Context& context, const Options& asked) {
  Options options = asked;
  set_threads(static_cast<int>(options.experiment.threads));
  std::optional<ExperimentOutline> outline;
  std::vector<ArchiveWorkload> archives;
  together(context.comm, [&] {
    outline.emplace(outline_of(options));
    archives.push_back(workload_of(options, outline->content));
    if (const auto shifted = shifted_archive(options, outline->content))
      archives.push_back(workload_of(*shifted, outline->content));
  });
  options.machine = measured_machine(context, options, *outline);
  if (!context.comm.is_root()) return ExitCode::done;
  print_machine(options.machine);
  print_training(options, *outline);
  print_work(options, *outline, archives);
  print_costs(options, *outline, archives);
  return ExitCode::done;
}

}  // namespace hindscale
