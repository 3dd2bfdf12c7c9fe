// SPDX-License-Identifier: Apache-2.0
// Validates a namelist and its inputs and prints the plan; computes nothing.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "adjustment_file.hpp"
#include "antithetic.hpp"
#include "archive_workload.hpp"
#include "coarse_input.hpp"
#include "experiment_outline.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/units.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/dataset/patches.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/sampler/generator.hpp"
#include "hindscale/tiling/tiling.hpp"
#include "hindscale/train/initial_weights.hpp"
#include "memory_estimate.hpp"
#include "prepare_inputs.hpp"
#include "prepare_recipe.hpp"
#include "reconstruction_plan.hpp"
#include "report_lines.hpp"

namespace hindscale {
namespace {

std::string text_of(const Period& period) {
  return fmt::format("{} to {}", period.first_year, period.last_year);
}

void print_domain(const StoreContent& content, const Options& options) {
  std::cout << "domain\n";
  print_line("fine grid", describe(content.fine));
  print_line("coarse grid", describe(content.coarse));
  print_line("variables", fmt::format("{}", fmt::join(content.variables, ", ")));
  print_line("training", text_of(content.train));
  print_line("validation", text_of(content.validation));
  print_line("test", text_of(content.test));
  print_line("sample store", fmt::format("{}, {:.1f} MiB, {} months", options.store_path().string(),
                                         static_cast<double>(store_bytes(content, options)) / mib,
                                         content.months.size()));
}

std::string samples_text(const MemoryCase& c) {
  const std::size_t n = c.content.months_to_learn().size(), kept = samples_kept(c);
  return fmt::format("{} of {} months by each rank{}", kept, n,
                     kept < n ? ": those of others are made anew for each patch, which takes long; "
                                "raise training/cache_mib"
                              : "");
}

void print_training(const Context& context, const Options& options, const StoreContent& content,
                    FieldNetwork& network) {
  const TrainingOptions& training = options.training;
  const auto rows = static_cast<std::size_t>(training.patch_size[0]),
             columns = static_cast<std::size_t>(training.patch_size[1]);
  const PatchPlan plan({0, content.months_to_learn().size(), content.fine.n_rows(),
                        content.fine.n_columns(), content.fine.periodic, rows, columns,
                        static_cast<std::size_t>(training.batch), options.diffusion.timesteps});
  std::cout << "training\n";
  print_line("network",
             fmt::format("{} parameters, {} channels in, {} out", parameter_count(*network),
                         network->config().in_channels, network->config().out_channels));
  print_line("steps", fmt::format("{} of {} patches of {} x {}", training.steps, training.batch,
                                  rows, columns));
  print_line(
      "patches a rank and step",
      fmt::format("{:.1f} on {} rank(s)", static_cast<double>(training.batch) / context.comm.size(),
                  context.comm.size()));
  const MemoryCase memory{options, content, network, layout_of(options, content)};
  print_line("samples kept", samples_text(memory));
  const std::int64_t n_ranks = std::min<std::int64_t>(context.comm.size(), training.batch);
  if (n_ranks < context.comm.size())
    context.log.warn("training/batch: fewer patches a step than ranks; 'train' needs one each");
  print_line("memory a rank",
             fmt::format("{:.0f} MiB at the peak{}", training_bytes(memory, n_ranks) / mib,
                         context.device.kind == Device::Kind::cuda
                             ? " on a CPU; on a GPU the network's maps are in its memory"
                             : ""));
}

/// Fields of the largest unit of work.
std::size_t largest_unit(const ReconstructionPlan& plan) {
  std::size_t largest = 0;
  for (const Unit& unit : plan.units)
    largest = std::max(largest, unit.segment.months().size() * unit.members.size());
  return largest;
}

std::string evaluations_text(const Options& options, const StoreContent& content, double n_fields) {
  const ArchiveWorkload work = workload_of(options, content);
  return fmt::format(
      "{:.0f} tiles at most ({:.3g} calls for a field); those that show the seams come on top",
      n_fields * work.evaluations_a_field, work.calls_a_field);
}

/// Free space where a folder is, or will be.
double free_mib(std::filesystem::path folder) {
  folder = std::filesystem::absolute(folder);
  while (!std::filesystem::exists(folder)) folder = folder.parent_path();
  return static_cast<double>(std::filesystem::space(folder).available) / mib;
}

void print_tiles(const Context& context, const TileOptions& options, const Grid& grid,
                 std::int64_t n_calls) {
  const TilingOptions tiling = tiling_options(options);
  const std::size_t n_rows = grid.n_rows(), n_columns = grid.n_columns(),
                    n_tiles = TileLayout(n_rows, n_columns, grid.periodic, tiling).tiles().size();
  std::string turns;
  if (tiling.alternate && n_tiles > 1 && n_calls != 1) {
    const auto length =
        static_cast<std::int64_t>(LayoutTurns(n_rows, n_columns, grid.periodic, tiling).length());
    turns = fmt::format(", half a stride further at one evaluation of {}", length);
    if (n_calls > 0 && n_calls < length)
      context.log.warn(
          "tiling/alternate: half a stride further are so many more tiles that one evaluation "
          "in {} may take them, and a field has {}: tiles stand, and members may vary 1 to 3 % too "
          "little between them; other tiles or a larger overlap avoid it",
          length, n_calls);
  }
  print_line("tiles", fmt::format("{} of {} x {}, overlap at least {}{}", n_tiles, options.size[0],
                                  options.size[1], options.overlap, turns));
}

void print_members(const Context& context, const Options& options,
                   const std::vector<int>& members) {
  const std::size_t n_independent = independent_of(options, members).size();
  const std::string pairs =
      n_independent < members.size()
          ? fmt::format(", in pairs of opposite noise: {} independent", n_independent)
          : "";
  print_line("members", fmt::format("{} to {}{}", members.front(), members.back(), pairs));
  if (members.size() > 1 && n_independent == 1)
    context.log.warn(
        "ensemble/antithetic: one pair is one draw, which has a mean, but neither a standard "
        "deviation nor a CRPS");
}

void print_reconstruction(const Context& context, const Options& options, FieldNetwork& network,
                          const StoreContent& content) {
  const ReconstructionPlan plan = plan_reconstruction(options, {}, {});
  const TileLayout layout(content.fine.n_rows(), content.fine.n_columns(), content.fine.periodic,
                          tiling_options(options.tiling));
  std::size_t n_months = 0;
  for (const Segment& segment : plan.segments) n_months += segment.months().size();
  const auto n_fields = static_cast<double>(n_months * plan.members.size());
  std::cout << "reconstruction\n";
  print_line("months",
             fmt::format("{} to {}: {}", options.first_month(), options.last_month(), n_months));
  if (options.reconstruct.coarse_members > 0)
    print_line("driven by", fmt::format("members 1 to {} of the source, in turn",
                                        options.reconstruct.coarse_members));
  if (options.reconstruct.adjustment != "none")
    print_line("adjustment",
               fmt::format("'{}', {}", options.reconstruct.adjustment,
                           std::filesystem::exists(options.reconstruction_path() / adjustment_name)
                               ? "prepared"
                               : "to be made by 'prepare'"));
  print_members(context, options, plan.members);
  const std::int64_t n_calls =
      options.training.is_deterministic()
          ? 1
          : evaluations_of(generator_options(options, options.diffusion).sampler,
                           options.sampling.steps);
  const bool is_counted = n_calls > 0;
  print_tiles(context, options.tiling, content.fine, n_calls);
  print_line("network evaluations", is_counted ? evaluations_text(options, content, n_fields)
                                               : "as many as the tolerance of the sampler needs");
  print_line(
      "units of work",
      fmt::format("{} for {} rank(s), of up to {} fields each; a run has to last longer than one",
                  plan.units.size(), context.comm.size(), largest_unit(plan)));
  print_line("memory a rank",
             fmt::format("{:.0f} MiB at the peak",
                         reconstruction_bytes({options, content, network, layout}) / mib));
  const double disk = disk_bytes(options, content, context.comm.size()) / mib;
  const double free = free_mib(options.reconstruction_path());
  print_line("disk", fmt::format("{:.1f} MiB before compression, {:.1f} MiB are free", disk, free));
  if (disk > free) context.log.warn("the reconstruction may not fit on the disk");
}

/// Those of a training that has not begun.
void check_initial_weights(const Options& options, const StoreContent& content,
                           const NetworkConfig& network) {
  if (options.training.initial_weights.empty()) return;
  if (!checkpoint_steps(options.training_path()).empty()) return;
  const auto folder = initial_checkpoint(options.training);
  const DiffusionOptions& diffusion = options.diffusion;
  const nlohmann::json now{
      {"network", network_to_json(network)},
      {"variables", content.variables},
      {"transforms", content.transforms},
      {"diffusion",
       {{"target", diffusion.target}, {"base", diffusion.base}, {"scaling", diffusion.scaling}}}};
  require_same_task(read_checkpoint(folder, CheckpointParts::model_only).state, now, folder);
}

}  // namespace

ExitCode run_check(const Context& context, const Options& options) {
  together(context.comm, [&] {
    auto [content, network] = outline_of(options);
    if (store_is_finished(options.store_path(), recipe_of(options)))
      require_possible(options.diffusion, read_content(StoreReader(options.store_path())));
    if (!options.reconstruct.checkpoint.empty())
      read_checkpoint(options.reconstruct.checkpoint, CheckpointParts::model_only);
    check_initial_weights(options, content, network->config());
    const ReconstructionPlan plan = plan_reconstruction(options, {}, {});
    CoarseInput(options, content).require(plan.months(), drivers_of(options, plan.members));
    if (!context.comm.is_root()) return;
    print_domain(content, options);
    print_training(context, options, content, network);
    print_reconstruction(context, options, network, content);
  });
  return ExitCode::done;
}

}  // namespace hindscale
