// SPDX-License-Identifier: Apache-2.0
#include "plan_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "cost_choice.hpp"
#include "hindscale/core/units.hpp"
#include "memory_estimate.hpp"
#include "report_lines.hpp"

namespace hindscale {
namespace {

constexpr double hour_s = 3600;

std::string duration(double seconds) {
  if (seconds < 300) return fmt::format("{:.3g} s", seconds);
  return seconds < 3 * hour_s ? fmt::format("{:.3g} min", seconds / 60)
                              : fmt::format("{:.4g} h", seconds / hour_s);
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
                         flop_of(config, options.tiling.size[0], options.tiling.size[1]) / giga /
                         machine.evaluation_gflops * (1 + machine.overhead);
  const double fields =
      static_cast<double>(training.validation_months * training.validation_members);
  return machine.start_s + steps_s + validations * std::ceil(fields / ranks) * a_field;
}

/// Where there are more ranks than patches a step, some cannot take part.
std::string training_text(const Options& options, const ExperimentOutline& outline,
                          std::int64_t ranks) {
  const std::int64_t n_used = std::min(ranks, options.training.batch);
  const std::string time =
      duration(training_seconds(options, outline, static_cast<double>(n_used)));
  return n_used < ranks ? fmt::format("{} on {}", time, n_used) : time;
}

/// The rate with the batch of the namelist is the machine's; another batch speeds the network up,
/// not what is done beside it.
Rates rates_of(const Options& options, const ExperimentOutline& outline, double speed_up) {
  const MachineOptions& machine = options.machine;
  const double a_tile =
      flop_of(outline.network->config(), options.tiling.size[0], options.tiling.size[1]) / giga;
  return {.evaluations_a_s = machine.evaluation_gflops / a_tile * speed_up,
          .overhead = machine.overhead * speed_up,
          .write_bytes_a_s = machine.write_mib_s * mib,
          .disk_bytes_a_s = machine.disk_mib_s * mib,
          .start_s = machine.start_s};
}

/// How a reconstruction could be spread, and what it costs.
struct Choice {
  std::int64_t batch = 0;
  Layout layout;
  Cost cost;
  double rank_bytes = 0;
  bool fits = true;
};

double rank_bytes(Options options, const ExperimentOutline& outline, const Layout& layout) {
  options.ensemble.ranks_per_field = static_cast<std::int64_t>(layout.ranks_per_field);
  return reconstruction_bytes(
      {options, outline.content, outline.network, layout_of(options, outline.content)});
}

/// `options` as they are, on a network so many times as fast as the machine's rate: the best layout
/// that fits a node's memory; where none does, one rank a field.
Choice choice_of(const Options& options, const ExperimentOutline& outline, double speed_up,
                 std::size_t ranks) {
  const auto archives = archives_of(options, outline);
  const Rates rates = rates_of(options, outline, speed_up);
  Choice choice;
  choice.batch = options.ensemble.batch;
  const auto on_a_node = static_cast<double>(options.machine.ranks_per_node);
  const auto found = best_layout(archives, rates, ranks, [&](const Layout& layout) {
    return fits_node(options.machine, on_a_node * rank_bytes(options, outline, layout));
  });
  choice.fits = found.has_value();
  choice.layout = found.value_or(Layout{ranks, 1});
  choice.cost = cost_of(archives, rates, choice.layout);
  choice.rank_bytes = rank_bytes(options, outline, choice.layout);
  return choice;
}

/// "8", or "4, 6 % less" of the time with `own`.
std::string batch_text(const Options& options, const ExperimentOutline& outline,
                       const std::vector<BatchRate>& batches, const Choice& own,
                       std::size_t ranks) {
  const auto asked = std::ranges::find(batches, own.batch, &BatchRate::batch);
  std::vector<BatchCost> costs;
  for (const BatchRate& batch : batches) {
    Options other = options;
    other.ensemble.batch = batch.batch;
    const Choice choice = choice_of(other, outline, batch.gflops / asked->gflops, ranks);
    costs.push_back({batch.batch, choice.cost.seconds, choice.fits});
  }
  const auto best = best_batch(costs, own.batch);
  if (!best) return "none fits";
  if (*best == own.batch) return fmt::format("{}", own.batch);
  const double saved =
      1 - std::ranges::find(costs, *best, &BatchCost::batch)->seconds / own.cost.seconds;
  return fmt::format("{}, {:.0f} % {}", *best, 100 * std::abs(saved), saved < 0 ? "more" : "less");
}

}  // namespace

std::vector<ArchiveWorkload> archives_of(const Options& options, const ExperimentOutline& outline) {
  std::vector<ArchiveWorkload> archives{workload_of(options, outline.content)};
  if (const auto shifted = shifted_archive(options, outline.content))
    archives.push_back(workload_of(*shifted, outline.content));
  return archives;
}

void print_costs(const Options& options, const ExperimentOutline& outline,
                 const std::vector<BatchRate>& batches) {
  const MachineOptions& machine = options.machine;
  for (const BatchRate& rate : batches)
    print_line(fmt::format("{} tiles a call", rate.batch),
               fmt::format("{:.4g} GFLOP/s{}", rate.gflops,
                           rate.batch == options.ensemble.batch ? ": ensemble/batch" : ""));
  std::cout << fmt::format("  {:>6}{:>8}{:>14}{:>12}{:>12}{:>8}{:>8}{:>12}{:>18}{}\n", "nodes",
                           "ranks", "ranks a field", "time", "node-hours", "idle", "I/O",
                           "MiB a rank", "training", batches.empty() ? "" : "      best batch");
  for (const std::int64_t nodes : machine.nodes) {
    const auto ranks = static_cast<std::size_t>(nodes * machine.ranks_per_node);
    const Choice own = choice_of(options, outline, 1, ranks);
    const Cost& cost = own.cost;
    std::cout << fmt::format(
        "  {:>6}{:>8}{:>14}{:>12}{:>12.4g}{:>7.1f}%{:>7.1f}%{:>12.0f}{:>18}{:>16}{}\n", nodes,
        ranks, own.layout.ranks_per_field, duration(cost.seconds),
        cost.seconds / hour_s * static_cast<double>(nodes), 100 * cost.idle_share(),
        100 * cost.io_share(), own.rank_bytes / mib,
        training_text(options, outline, static_cast<std::int64_t>(ranks)),
        batches.empty() ? ""
                        : fmt::format("{:>16}", batch_text(options, outline, batches, own, ranks)),
        own.fits ? "" : "  too little memory on a node");
    if (options.experiment.wall_time_s > 0 && cost.seconds > options.experiment.wall_time_s)
      print_line("", fmt::format("{:.0f} jobs of experiment/wall_time_s, one after the other",
                                 std::ceil(cost.seconds / options.experiment.wall_time_s)));
  }
}

}  // namespace hindscale
