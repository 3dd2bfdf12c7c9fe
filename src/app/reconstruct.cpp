// SPDX-License-Identifier: Apache-2.0
// Checkpoint and coarse fields -> ensemble of CF files.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "coarse_input.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/comm/work_queue.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/stop.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "output_spec.hpp"
#include "reconstruction_plan.hpp"
#include "stage_support.hpp"
#include "statistics_pass.hpp"
#include "trained_network.hpp"
#include "unit_maker.hpp"

namespace hindscale {
namespace {

/// When a run has to end: a signal, or a wall time that is spent or leaves no room for one more
/// unit like those this rank has made.
class Clock {
 public:
  explicit Clock(double wall_time_s) : wall_time_(wall_time_s) {}
  void unit_took(double seconds) { longest_unit_s_ = std::max(longest_unit_s_, seconds); }
  [[nodiscard]] bool has_to_stop() const { return stop_signal_seen() || wall_time_.spent(); }
  [[nodiscard]] bool has_room_for_a_unit() const {
    return wall_time_.has_room_for(longest_unit_s_);
  }
  [[nodiscard]] double elapsed_s() const { return wall_time_.elapsed_s(); }

 private:
  WallTime wall_time_;
  double longest_unit_s_ = 0;
};

/// Takes units from the shared queue until all are done or the run has to stop; true where it
/// stopped early. Collective.
bool make_units(const Context& context, const ReconstructionPlan& plan, UnitMaker& maker,
                Clock& clock, Records& files) {
  const WallTime since_start(0);
  WorkQueue queue(context.comm, static_cast<std::int64_t>(plan.units.size()));
  std::vector<FileRecord> mine;
  const auto stop = [&] {
    if (!clock.has_to_stop()) return queue.closed();
    queue.close();
    return true;
  };
  while (clock.has_room_for_a_unit() && !stop()) {
    const auto i_unit = queue.next();
    if (!i_unit) break;
    const WallTime unit_time(0);
    const auto records = maker.make(plan.units[static_cast<std::size_t>(*i_unit)], stop);
    if (!records) break;
    clock.unit_took(unit_time.elapsed_s());
    mine.insert(mine.end(), records->begin(), records->end());
    const double done = static_cast<double>(*i_unit + 1) / static_cast<double>(plan.units.size());
    context.log.info("unit {} of {} done; {:.0f} s left", *i_unit + 1, plan.units.size(),
                     since_start.elapsed_s() * (1 - done) / done);
  }
  const bool none_made = all_sum(context.comm, static_cast<std::int64_t>(mine.size())) == 0;
  share_records(context.comm, mine, files);
  const std::set<std::string> names = names_of(files);
  const bool complete = std::all_of(plan.units.begin(), plan.units.end(), [&](const Unit& unit) {
    return std::all_of(unit.members.begin(), unit.members.end(), [&](int member) {
      return member_is_finished(plan.variables, member, unit.segment, names);
    });
  });
  if (!complete && none_made) {
    context.log.warn(
        "no unit of work was finished before the run had to stop; make units smaller "
        "(ensemble/members_per_unit, output/years_per_file) or the run longer");
  }
  return !complete;
}

void report_range(const Context& context, const UnitMaker& maker, const StoreContent& content) {
  const std::int64_t n = all_sum(context.comm, maker.n_values());
  for (std::size_t v = 0; v < content.n_variables(); ++v) {
    const std::int64_t outside = all_sum(context.comm, maker.outside_range()[v]);
    const auto n_variable = static_cast<double>(n) / static_cast<double>(content.n_variables());
    context.log.info("{}: {} values ({:.4f} %) outside the range of the training data",
                     content.variables[v], outside,
                     n > 0 ? 100.0 * static_cast<double>(outside) / n_variable : 0.0);
  }
}

void warn_if_not_enforced(const Context& context, const Options& options,
                          const TrainedNetwork& trained) {
  if (!options.is_set("diffusion/consistency")) return;
  if (!options.diffusion.enforces_consistency() || trained.diffusion.enforces_consistency()) return;
  context.log.warn(
      "diffusion/consistency is 'enforce', but the network was trained without it: the members are "
      "not corrected");
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

}  // namespace

ExitCode run_reconstruct(const Context& context, const Options& options) {
  Clock clock(options.experiment.wall_time_s);
  const std::filesystem::path folder = options.reconstruction_path();
  set_threads(static_cast<int>(options.experiment.threads));

  // 1. Store, checkpoint, coarse fields.
  std::optional<StoreReader> store;
  together(context.comm, [&] { store.emplace(options.store_path()); });
  const std::string store_sha256 =
      digests_of(context.comm, {options.store_path().string()}).front();
  std::optional<TrainedNetwork> trained;
  std::optional<FieldGenerator> generator;
  std::optional<CoarseInput> coarse;
  together(context.comm, [&] {
    trained.emplace(load_trained_network(options, *store, store_sha256));
    generator.emplace(trained->network, *trained->conditioning,
                      generator_options(options, trained->diffusion), torch_device(context.device),
                      trained->mean);
    coarse.emplace(options, trained->conditioning->content());
  });
  const StoreContent& content = trained->conditioning->content();

  // 2. The folder: its lock, its finished files, its identity; what is missing.
  const StageLock lock(context, folder);
  ArchiveIdentity identity{trained->checkpoint_sha256, store_sha256, value_options(options), {}};
  const OutputStyle style{options, content, folder, global_attributes(options, identity),
                          identity.coarse_sha256};
  together(context.comm, [&] {
    if (context.comm.is_root()) require_identity(folder, content.variables, identity);
  });
  Records files = finished_files(context, folder, content.variables);
  ReconstructionPlan plan;
  together(context.comm, [&] {
    plan = plan_reconstruction(options, names_of(files), condensed_segments(style, files));
    coarse->require(plan.months());
  });
  identity.coarse_sha256 = coarse_digests(context.comm, *coarse, *store, plan.months());
  together(context.comm, [&] {
    if (!context.comm.is_root()) return;
    const std::set<std::string> names = names_of(files);
    const std::vector<Segment> segments = segments_of({names.begin(), names.end()});
    ArchiveIdentity held = identity;  // of the months that have files
    std::erase_if(held.coarse_sha256, [&](const auto& month) {
      return !holds_month(segments, Month::parse(month.first));
    });
    require_identity(folder, content.variables, held);
    check_disk(folder, bytes_to_write(style, plan, files));
    write_identity(folder, identity, !files.empty());
  });
  context.log.info("checkpoint {}; {} members, {} to {}; {} units to make, {} files finished",
                   trained->checkpoint.string(), plan.members.size(), options.first_month(),
                   options.last_month(), plan.units.size(), files.size());

  // 3. Units of months x members.
  UnitMaker maker(style, *trained->conditioning, *generator,
                  [&](Month month, View<float, 3> field) { coarse->read(*store, month, field); });
  maker.set_range(store->read_whole(store::range));
  std::optional<ConsistencyReport> report;
  if (options.diffusion.consistency != "none") maker.set_report(&report.emplace(content));
  warn_if_not_enforced(context, options, *trained);
  bool stopped = make_units(context, plan, maker, clock, files);

  // 4. Statistics over the members, manifest, report.
  if (!stopped) {
    stopped = make_statistics(
        context, style, plan, [&] { return clock.has_to_stop(); }, files);
  }
  together(context.comm, [&] {
    if (context.comm.is_root()) write_manifest(folder, files);
    if (!plan.units.empty()) write_run_log(context, style, *trained, clock.elapsed_s());
  });
  if (!plan.units.empty()) report_range(context, maker, content);
  if (!plan.units.empty() && report) report->log(context);
  return stopped ? ExitCode::stopped : ExitCode::done;
}

}  // namespace hindscale
