// SPDX-License-Identifier: Apache-2.0
#include "rehearsal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "archive_workload.hpp"
#include "hindscale/core/units.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/train/network_config.hpp"
#include "hindscale/train/trainer.hpp"
#include "memory_estimate.hpp"
#include "output_spec.hpp"
#include "probe_folder.hpp"
#include "unit_maker.hpp"

namespace hindscale {
namespace {

constexpr double patience_s = 5;

double in_region(const Regions::Seconds& seconds, Region region) {
  return seconds[static_cast<std::size_t>(region)];
}

double sum_of(const Regions::Seconds& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

/// What happened between two looks at the regions of a rank, and the regions that a plan reckons
/// apart.
struct Watch {
  Regions::Seconds before{};
  std::vector<Region> apart;

  [[nodiscard]] double in(const Regions::Seconds& after, Region region) const {
    return in_region(after, region) - in_region(before, region);
  }
  [[nodiscard]] double all(const Regions::Seconds& after) const {
    double sum = sum_of(after) - sum_of(before);
    for (const Region region : apart) sum -= in(after, region);
    return sum;
  }
};

/// Of `work`, called again and again for some seconds, equally often by every rank, after one call
/// to warm up; by that call alone where it takes so long. `flop` are those of a call of a rank.
/// Means over the ranks. Collective.
template <class Work>
Pace pace_of(const Context& context, double flop, Watch watch, const Work& work) {
  Regions& regions = *context.regions;
  watch.before = regions.seconds();
  work();
  Regions::Seconds after = regions.seconds();
  const double one = all_max(context.comm, sum_of(after) - sum_of(watch.before));
  int n = 1;
  if (one < patience_s) {
    n = static_cast<int>(std::clamp(std::ceil(patience_s / one), 1.0, 1000.0));
    barrier(context.comm);
    watch.before = regions.seconds();
    for (int i = 0; i < n; ++i) work();
    after = regions.seconds();
  }
  const double network = all_sum(context.comm, watch.in(after, Region::network)),
               all = all_sum(context.comm, watch.all(after));
  const double done = n * flop * context.comm.size() / giga;
  // A GPU works on while the clock of its region has stopped.
  if (context.device.kind == Device::Kind::cuda) return {done / all, 0};
  return {done / network, all / network - 1};
}

/// What a rehearsal works with, as the stages make it, but for training.
struct Stage {
  Stage(const Context& context, const Options& asked) : options(asked) {
    options.diffusion.regression = false;  // its mean costs as much an evaluation
    options.ensemble.ranks_per_field = 1;
    if (options.training.is_deterministic())
      options.diffusion.prediction = name_of(Prediction::mean);
    together(context.comm, [&] {
      reader.emplace(options.store_path());
      content = read_content(*reader);
      conditioning.emplace(
          *reader, content,
          ConditioningOptions{.model = options.model, .diffusion = options.diffusion});
    });
    network = network_config(options, content.n_variables(), conditioning->n_channels());
  }

  Options options;
  std::optional<StoreReader> reader;
  StoreContent content;
  std::optional<Conditioning> conditioning;
  NetworkConfig network;
};

/// Members of the first months of the store: two calls of the network, with as many members a month
/// as a unit has.
Unit small_unit(const Stage& stage, std::size_t fields_in_flight) {
  const auto n_members =
      std::min(stage.options.ensemble.members_per_unit, stage.options.ensemble.members);
  std::vector<int> members(static_cast<std::size_t>(n_members));
  std::iota(members.begin(), members.end(), 1);
  const std::size_t wanted = (2 * fields_in_flight + members.size() - 1) / members.size();
  const std::vector<Month>& months = stage.content.months;
  std::size_t n = 1;  // that follow each other
  while (n < std::min(wanted, months.size()) && months[n] == months[n - 1] + 1) ++n;
  return {{months.front(), months[n - 1]}, members};
}

CoarseDigests nameless(const Unit& unit, const ReconstructOptions& options) {
  std::vector<CoarseDigests::Entry> entries;
  for (const Month month : unit.segment.months())
    for (const int member : unit.members) entries.push_back({month, options.driver_of(member), 0});
  return CoarseDigests(std::move(entries));
}

CoarseMonth coarse_of(const Stage& stage, Month month) {
  const StoreContent& content = stage.content;
  CoarseMonth coarse{
      Array<float, 3>({content.n_variables(), content.coarse.n_rows(), content.coarse.n_columns()}),
      {}};
  const auto position =
      std::find(content.months.begin(), content.months.end(), month) - content.months.begin();
  stage.reader->read(store::coarse, static_cast<std::size_t>(position), 1, coarse.own.flat());
  return coarse;
}

/// Steps of a training.
Pace pace_of_steps(const Context& context, const Options& asked) {
  const Stage stage(context, asked);
  const TrainingOptions& training = stage.options.training;
  SampleCache samples(*stage.reader, *stage.conditioning, static_cast<double>(training.cache_mib));
  Trainer trainer(context, stage.options, stage.network, samples);
  constexpr double passes = 3;  // forward, and two products of the same size backward
  const double flop = passes * static_cast<double>(training.batch) / context.comm.size() *
                      flop_of(stage.network, training.patch_size[0], training.patch_size[1]);
  // Once all samples are kept, nothing waits for them.
  const bool keeps_all = samples_kept({stage.options, stage.content, trainer.network(),
                                       layout_of(stage.options, stage.content)}) ==
                         stage.content.months_to_learn().size();
  Watch watch;
  if (keeps_all) watch.apart = {Region::inputs};
  return pace_of(context, flop, watch, [&] { trainer.update(trainer.compute_gradients()); });
}

}  // namespace

bool can_rehearse(const Options& options, const ExperimentOutline& outline) {
  if (!std::filesystem::exists(options.store_path())) return false;
  try {
    const StoreContent content = read_content(StoreReader(options.store_path()));
    return content.variables == outline.content.variables &&
           same_grid(content.fine, outline.content.fine);
  } catch (const InputError&) {
    return false;  // of an older program, or damaged
  }
}

Pace rehearse_fields(const Context& context, const Options& asked) {
  const Stage stage(context, asked);
  const Options& options = stage.options;
  const Communicator self = Communicator::self();
  FieldGenerator generator(
      make_network(stage.network, static_cast<std::uint64_t>(options.experiment.seed)),
      *stage.conditioning, generator_options(options, options.diffusion),
      {torch_device(context.device), &self, context.regions.get(), options.sampling.device_state});
  const Unit unit = small_unit(stage, generator.fields_in_flight());
  const CoarseDigests coarse = nameless(unit, options.reconstruct);
  const ProbeFolder folder(context.comm, options);
  const OutputStyle style{options, stage.content, folder.own(), {}, coarse};
  UnitMaker maker(style, *stage.conditioning, generator, self,
                  [&](Month month, int /*driver*/) { return coarse_of(stage, month); });
  maker.set_regions(context.regions.get());
  maker.set_range(stage.reader->read_whole(store::range));
  const auto n_fields = static_cast<double>(unit.segment.months().size() * unit.members.size());
  const double flop = n_fields * workload_of(options, stage.content).evaluations_a_field *
                      flop_of(stage.network, options.tiling.size[0], options.tiling.size[1]);
  return pace_of(context, flop, {.apart = {Region::writing}}, [&] {
    maker.make(unit, [] { return false; });
    maker.finish();  // before the same files are made again
  });
}

Pace rehearse_training(const Context& context, const Options& asked) {
  if (asked.training.stage != "gan") return pace_of_steps(context, asked);
  const double before =
      static_cast<double>(asked.gan.start) / static_cast<double>(asked.training.steps);
  Options alone = asked, opposed = asked;
  alone.gan.start = std::numeric_limits<std::int64_t>::max();
  opposed.gan.start = 0;
  // Alone once more afterwards: a machine that gets faster or slower makes neither dearer.
  const Pace first = pace_of_steps(context, alone), both = pace_of_steps(context, opposed),
             last = pace_of_steps(context, alone);
  const auto time = [](const Pace& pace) { return (1 + pace.overhead) / pace.gflops; };
  const double own = (time(first) + time(last)) / 2;
  const double adversary = std::max(time(both) / own - 1, 0.0);  // less than nothing is noise
  const double gflops = 2 / (1 / first.gflops + 1 / last.gflops);
  return {gflops, own * gflops * (1 + (1 - before) * adversary) - 1};
}

}  // namespace hindscale
