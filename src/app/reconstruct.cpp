// SPDX-License-Identifier: Apache-2.0
// Checkpoint and coarse fields -> ensemble of CF files.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "adjustment_file.hpp"
#include "coarse_input.hpp"
#include "experiment_outline.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "memory_estimate.hpp"
#include "output_spec.hpp"
#include "reconstruction_plan.hpp"
#include "stage_support.hpp"
#include "statistics_pass.hpp"
#include "trained_network.hpp"
#include "unit_loop.hpp"
#include "unit_maker.hpp"

namespace hindscale {
namespace {

void report_range(const Context& context, const UnitMaker& maker, const StoreContent& content) {
  for (std::size_t v = 0; v < content.n_variables(); ++v) {
    const std::int64_t n = all_sum(context.comm, maker.range_counts()[v].values),
                       outside = all_sum(context.comm, maker.range_counts()[v].outside);
    const double percent =
        n > 0 ? 100.0 * static_cast<double>(outside) / static_cast<double>(n) : 0.0;
    context.log.info("{}: {} values ({:.4f} %) outside the range of the training data",
                     content.variables[v], outside, percent);
    constexpr double usual_percent = 1;
    if (percent > usual_percent)
      context.log.warn(
          "{}: the coarse fields are unlike those of the training, or in other units: look at them",
          content.variables[v]);
  }
}

/// A correction is part of what a network has learnt.
void warn_if_enforced_otherwise(const Context& context, const Options& options,
                                const TrainedNetwork& trained) {
  const bool is_corrected = trained.diffusion.enforces_consistency();
  if (!options.is_set("diffusion/consistency")) return;
  if (options.diffusion.enforces_consistency() == is_corrected) return;
  context.log.warn("diffusion/consistency is '{}', but the network was trained {}",
                   options.diffusion.consistency,
                   is_corrected
                       ? "with 'enforce': coarse means are made equal to the coarse field"
                       : "without it: coarse means are not made equal to the coarse field");
}

/// What is not part of the data: how and where they were made. Appended as one JSON line.
void write_run_log(const Context& context, const OutputStyle& style, const TrainedNetwork& trained,
                   double seconds) {
  if (!context.comm.is_root()) return;
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const nlohmann::json line{{"time", timestamp_utc()},
                            {"program", program_version()},
                            {"host", host.data()},
                            {"ranks", context.comm.size()},
                            {"threads", style.options.experiment.threads},
                            {"device", device_description()},
                            {"checkpoint", trained.checkpoint.string()},
                            {"seconds", seconds},
                            {"namelist", to_namelist(style.options)}};
  const std::filesystem::path path = style.folder / "runs.jsonl";
  const std::string earlier = std::filesystem::exists(path) ? read_text(path) : "";
  commit_text(path, earlier + line.dump() + "\n");
}

/// What all archives of a run are made from.
struct Sources {
  std::optional<StoreReader> store;
  std::string store_sha256;
  std::optional<TrainedNetwork> trained;
  std::optional<CoarseInput> coarse;
  Communicator group;  ///< ranks that share a field
};

Sources open_sources(const Context& context, const Options& options) {
  Sources sources;
  const std::int64_t n = options.ensemble.ranks_per_field;
  if (context.comm.size() % n != 0) {
    ErrorFacts facts = options.at("ensemble/ranks_per_field");
    facts.problem = "the ranks do not make whole groups";
    facts.value = std::to_string(n);
    facts.why = "the job has " + std::to_string(context.comm.size());
    facts.advice = "choose a divisor of it";
    throw InputError(facts);
  }
  sources.group = context.comm.split(context.comm.rank() / static_cast<int>(n), 0);
  together(context.comm, [&] { sources.store.emplace(options.store_path()); });
  sources.store_sha256 = digests_of(context.comm, {options.store_path().string()}).front();
  together(context.comm, [&] {
    sources.trained.emplace(load_trained_network(options, *sources.store, sources.store_sha256));
    const Conditioning& conditioning = *sources.trained->conditioning;
    sources.coarse.emplace(
        options, conditioning.content(),
        conditioning.sees_previous_month() ? CoarseInput::Previous::seen
                                           : CoarseInput::Previous::not_seen,
        read_adjustment(options, conditioning.content(), options.reconstruction_path()));
  });
  return sources;
}

/// On the root: the folder may take these months, has room for them, and says what it is made of.
void claim_folder(const OutputStyle& style, const ArchiveIdentity& identity,
                  const ReconstructionPlan& plan, const Records& files, int n_ranks) {
  const std::set<std::string> names = names_of(files);
  const std::vector<Segment> segments = segments_of({names.begin(), names.end()});
  ArchiveIdentity held = identity;  // of the months that have files
  held.coarse.keep([&](Month month) { return holds_month(segments, month); });
  require_identity(style.folder, style.content.variables, held);
  const auto n_groups = static_cast<std::size_t>(n_ranks / style.options.ensemble.ranks_per_field);
  if (style.options.output.format != "netcdf4")  // nobody knows how much it will shrink
    check_disk(style.folder, bytes_to_write(style, plan, files, n_groups));
  write_identity(style.folder, identity, !files.empty());
  const Records lasting = lasting_files(style, plan, files);
  if (lasting.size() < files.size()) write_manifest(style.folder, lasting);
}

/// The drivers of the members that are asked for and of those that the folder holds.
std::set<int> drivers_in(const OutputStyle& style, const ReconstructionPlan& plan,
                         const Records& files) {
  std::set<int> drivers = drivers_of(style.options, plan.members);
  for (const Segment& segment : plan.segments)
    drivers.merge(drivers_of(style.options, members_of(plan.variables, segment, files)));
  return drivers;
}

/// What the folder lacks of what is asked for; fills in the identity's coarse fields. Collective.
ReconstructionPlan plan_archive(const Context& context, Sources& sources, const OutputStyle& style,
                                ArchiveIdentity& identity, Records& files) {
  const Options& options = style.options;
  together(context.comm, [&] {
    if (context.comm.is_root()) require_identity(style.folder, style.content.variables, identity);
  });
  files = finished_files(context, style.folder, style.content.variables, identity);
  ReconstructionPlan plan;
  together(context.comm, [&] {
    plan = plan_reconstruction(options, names_of(files), condensed_segments(style, files));
  });
  identity.coarse = coarse_digests(context.comm, *sources.coarse, *sources.store, plan.months(),
                                   drivers_in(style, plan, files));
  together(context.comm, [&] {
    if (context.comm.is_root()) claim_folder(style, identity, plan, files, context.comm.size());
  });
  context.log.info("{}: {} members, {} to {}; {} units to make, {} files finished",
                   style.folder.string(), plan.members.size(), options.first_month(),
                   options.last_month(), plan.units.size(), files.size());
  warn_of_members_to_go(context.log, style, plan, files);
  for (const Month month : sources.coarse->without_previous(plan.months()))
    context.log.warn("{}: no coarse field of the month before, its own stands in its place",
                     month.to_string());
  return plan;
}

/// What the network has always had, it cannot do without.
void require_no_gaps(const Sources& sources, Month month, View<const float, 3> coarse) {
  const std::size_t n = sources.trained->conditioning->n_gaps(*sources.store, coarse);
  if (n == 0) return;
  throw InputError(
      {.problem = "the coarse field has missing values where that of the training has none",
       .value = month.to_string(),
       .why = fmt::format("{} of its {} values", n, coarse.size()),
       .advice = "fill them, or leave out the month",
       .key = "reconstruct/coarse_files"});
}

CoarseMonth coarse_of(Sources& sources, Month month, int driver) {
  CoarseMonth coarse = sources.coarse->read(*sources.store, month, driver);
  require_no_gaps(sources, month, coarse.own.view());
  if (coarse.previous.size() > 0) require_no_gaps(sources, month + -1, coarse.previous.view());
  return coarse;
}

/// One archive: true where the run had to stop before it was finished. Collective.
bool make_archive(const Context& context, const Options& options, Sources& sources, Clock& clock) {
  const std::filesystem::path folder = options.reconstruction_path();
  const TrainedNetwork& trained = *sources.trained;
  const StoreContent& content = trained.conditioning->content();

  // 1. The folder: its lock, its finished files, its identity; what is missing.
  const StageLock lock(context, folder);
  ArchiveIdentity identity{
      trained.checkpoint_sha256, sources.store_sha256, value_options(options), {}};
  identity.options[device_key] = context.device.kind == Device::Kind::cuda ? "GPU" : "CPU";
  const OutputStyle style{options, content, folder, global_attributes(options, identity),
                          identity.coarse};
  Records files;
  ReconstructionPlan plan = plan_archive(context, sources, style, identity, files);

  // 2. Units of months x members, and the statistics of blocks of years that are complete.
  std::optional<FieldGenerator> generator;
  const GeneratorPlace place{torch_device(context.device), &sources.group, context.regions.get(),
                             options.sampling.device_state};
  together(context.comm, [&] {
    generator.emplace(trained.network, *trained.conditioning,
                      generator_options(options, trained.diffusion), place, trained.mean);
  });
  UnitMaker maker(style, *trained.conditioning, *generator, sources.group,
                  [&](Month month, int driver) { return coarse_of(sources, month, driver); });
  maker.set_regions(context.regions.get());
  maker.set_range(sources.store->read_whole(store::range));
  std::optional<ConsistencyReport> report;
  if (options.diffusion.consistency != "none") maker.set_report(&report.emplace(content));
  warn_if_enforced_otherwise(context, options, trained);
  bool stopped = make_units(context, sources.group, {style, plan, maker, clock}, files);

  context.log.info("files took {:.1f} s (mean over ranks), beside the computation",
                   all_sum(context.comm, maker.writing_s()) / context.comm.size());

  // 3. The other statistics, manifest, report.
  if (!stopped) {
    stopped = make_statistics(
        context, style, plan, [&] { return clock.has_to_stop(); }, files);
  }
  together(context.comm, [&] {
    if (context.comm.is_root()) {
      write_manifest(folder, files);
      warn_of_older_statistics(context.log, style, plan, files);
    }
    if (!plan.units.empty()) write_run_log(context, style, trained, clock.elapsed_s());
  });
  if (!plan.units.empty()) report_range(context, maker, content);
  if (!plan.units.empty() && report) report->log(context);
  return stopped;
}

}  // namespace

ExitCode run_reconstruct(const Context& context, const Options& asked) {
  Options options = asked;
  options.sampling.precision = name_of(precision_of(asked.sampling.precision));
  Clock clock(options.experiment.wall_time_s);
  set_threads(static_cast<int>(options.experiment.threads));

  // 1. Store, checkpoint, coarse fields.
  Sources sources = [&] {
    const InRegion reading(context.regions.get(), Region::reading);
    return open_sources(context, options);
  }();
  context.log.info("checkpoint {}", sources.trained->checkpoint.string());

  // 2. The archive.
  if (make_archive(context, options, sources, clock)) return ExitCode::stopped;

  // 3. What 'evaluate' needs to find its seams.
  const auto shifted = shifted_archive(options, sources.trained->conditioning->content());
  if (shifted && make_archive(context, *shifted, sources, clock)) return ExitCode::stopped;
  log_peak_memory(context);
  return ExitCode::done;
}

}  // namespace hindscale
