// SPDX-License-Identifier: Apache-2.0
#include "machine_rates.hpp"

#include <fmt/format.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ranges>
#include <set>

#include "archive_workload.hpp"
#include "coarse_digests.hpp"
#include "hindscale/core/units.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/evaluator.hpp"
#include "hindscale/random/random.hpp"
#include "memory_estimate.hpp"
#include "output_spec.hpp"
#include "probe_folder.hpp"
#include "reconstruction_plan.hpp"
#include "rehearsal.hpp"

namespace hindscale {
namespace {

constexpr double timing_s = 3;

/// Calls of `work` a second while every rank calls it for so many seconds, after one call to warm
/// up; the mean over the ranks. Collective.
template <class Work>
double calls_a_second(const Communicator& comm, const Work& work, double least_s = timing_s) {
  using Clock = std::chrono::steady_clock;
  work();
  barrier(comm);
  const auto start = Clock::now();
  double seconds = 0;
  int n = 0;
  while (seconds < least_s) {
    work();
    ++n;
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return all_sum(comm, n / seconds) / comm.size();
}

double evaluation_gflops(const Context& context, const Options& options,
                         const FieldNetwork& network, double least_s = timing_s) {
  const auto rows = static_cast<std::size_t>(options.tiling.size[0]),
             columns = static_cast<std::size_t>(options.tiling.size[1]);
  const auto evaluator =
      make_evaluator(network, {.height = rows,
                               .width = columns,
                               .precision = precision_of(options.sampling.precision),
                               .device = torch_device(context.device),
                               .batch = static_cast<std::size_t>(options.ensemble.batch)});
  const NetworkConfig& config = network->config();
  const auto n = static_cast<std::int64_t>(options.ensemble.batch);
  const torch::Tensor input =
      torch::randn({n, config.in_channels, options.tiling.size[0], options.tiling.size[1]});
  const double rate = calls_a_second(
      context.comm, [&] { evaluate(*evaluator, input, /*time=*/100); }, least_s);
  return rate * static_cast<double>(n) *
         flop_of(config, options.tiling.size[0], options.tiling.size[1]) / giga;
}

double training_gflops(const Context& context, const Options& options, FieldNetwork network) {
  const NetworkConfig& config = network->config();
  const TrainingOptions& training = options.training;
  const std::int64_t n = std::max<std::int64_t>(training.batch / context.comm.size(), 1),
                     rows = training.patch_size[0], columns = training.patch_size[1];
  const torch::Device device = torch_device(context.device);
  network->to(device);
  network->set_precision(precision_of(training.precision));
  network->train();
  const torch::Tensor input = torch::randn({n, config.in_channels, rows, columns}).to(device),
                      time = torch::full({n}, 100.0F).to(device);
  const std::vector<std::uint64_t> patches(static_cast<std::size_t>(n), 1);
  std::uint64_t step = 0;
  const double rate = calls_a_second(context.comm, [&] {
    network->zero_grad(/*set_to_none=*/true);
    network->set_dropout_stream(1, step++, patches);
    network->forward(input, time).square().mean().backward();
  });
  constexpr double passes = 3;  // forward, and two products of the same size backward
  return rate * static_cast<double>(n) * passes * flop_of(config, rows, columns) / giga;
}

/// The longest block of years of the archive.
Segment longest_segment(const Options& options) {
  return std::ranges::max(plan_reconstruction(options, {}, {}).segments, {},
                          [](const Segment& segment) { return segment.last - segment.first; });
}

/// Values that compression hardly makes shorter.
std::vector<float> noise(std::size_t n) {
  std::vector<float> values(n);
  fill_normal({.seed = 1}, 0, values);
  return values;
}

/// Files like those of the archive, one a rank at a time; bytes as they are before compression.
double write_mib_s(const Context& context, const Options& options, const StoreContent& content) {
  const ProbeFolder folder(context.comm, options);
  const Segment segment = longest_segment(options);
  std::vector<CoarseDigests::Entry> entries;
  for (const Month month : segment.months())
    entries.push_back({month, options.reconstruct.driver_of(1), 0});
  const CoarseDigests coarse(std::move(entries));
  const OutputStyle style{options, content, folder.own(), {}, coarse};
  const Communicator self = Communicator::self();
  const std::vector<float> field = noise(content.fine.n_rows() * content.fine.n_columns());
  const double rate = calls_a_second(context.comm, [&] {
    const FieldFileSpec spec = member_spec(style, 0, 1, segment);
    FieldFile file(self, spec);
    for (std::size_t i = 0; i < spec.months.size(); ++i) file.write(i, field);
    file.commit();
    std::filesystem::remove(spec.path);
  });
  return rate * static_cast<double>(segment.months().size() * field.size() * sizeof(float)) / mib;
}

/// Where nobody names a node's memory, that of the smallest machine at hand. Collective.
MachineOptions with_memory(const Communicator& comm, MachineOptions machine) {
  const double own_gib = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                         static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * mib);
  const double least_gib = -all_max(comm, -own_gib);
  if (machine.memory_gib <= 0) machine.memory_gib = least_gib;
  return machine;
}

}  // namespace

MachineOptions measured_machine(const Context& context, const Options& options,
                                const ExperimentOutline& outline) {
  MachineOptions machine = options.machine;
  // Rates of the machine at hand go with its memory.
  if (machine.evaluation_gflops <= 0) machine = with_memory(context.comm, machine);
  bool rehearses = machine.evaluation_gflops <= 0 || machine.training_gflops <= 0;
  together(context.comm, [&] { rehearses = rehearses && can_rehearse(options, outline); });
  const auto take = [&](const Pace& pace, double& gflops, const char* key, double& overhead) {
    gflops = pace.gflops;
    if (!options.is_set(key)) overhead = pace.overhead;
  };
  if (machine.evaluation_gflops <= 0 && rehearses)
    take(rehearse_fields(context, options), machine.evaluation_gflops, "machine/overhead",
         machine.overhead);
  if (machine.evaluation_gflops <= 0)
    machine.evaluation_gflops = evaluation_gflops(context, options, outline.network);
  if (machine.training_gflops <= 0 && rehearses && options.training.batch >= context.comm.size())
    take(rehearse_training(context, options), machine.training_gflops, "machine/training_overhead",
         machine.training_overhead);
  if (machine.training_gflops <= 0)
    machine.training_gflops = training_gflops(context, options, outline.network);
  if (machine.write_mib_s <= 0)
    machine.write_mib_s = write_mib_s(context, options, outline.content);
  return machine;
}

std::vector<BatchRate> measured_batches(const Context& context, const Options& options,
                                        const ExperimentOutline& outline) {
  constexpr double gain = 1.02;       // less is noise
  constexpr int patience = 2;         // doublings without a gain
  constexpr std::int64_t most = 256;  // tiles
  if (context.device.kind == Device::Kind::cuda) return {};
  const MachineOptions machine = with_memory(context.comm, options.machine);
  const ArchiveWorkload work = workload_of(options, outline.content);
  const auto unit_tiles =
      static_cast<std::int64_t>(work.tiles * std::ranges::max(work.unit_fields));
  const std::int64_t asked = options.ensemble.batch;
  std::set<std::int64_t> batches{asked};
  for (std::int64_t n = 1; n <= std::min(most, unit_tiles); n *= 2) batches.insert(n);
  std::vector<BatchRate> rates;
  double best = 0;
  int n_idle = 0;
  Options own = options;
  for (const std::int64_t batch : batches) {
    own.ensemble.batch = batch;
    const double bytes = reconstruction_bytes(
        {own, outline.content, outline.network, layout_of(own, outline.content)});
    const bool is_useful = n_idle < patience &&
                           fits_node(machine, bytes * static_cast<double>(machine.ranks_per_node));
    if (batch != asked && !is_useful) continue;
    rates.push_back({batch, evaluation_gflops(context, own, outline.network, timing_s / 2)});
    n_idle = rates.back().gflops > gain * best ? 0 : n_idle + 1;
    best = std::max(best, rates.back().gflops);
  }
  // Once more backwards: a machine that gets faster or slower favours none of them.
  for (BatchRate& rate : std::views::reverse(rates)) {
    own.ensemble.batch = rate.batch;
    rate.gflops += evaluation_gflops(context, own, outline.network, timing_s / 2);
    rate.gflops /= 2;
  }
  return rates;
}

}  // namespace hindscale
