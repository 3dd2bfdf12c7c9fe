// SPDX-License-Identifier: Apache-2.0
// Checkpoint and coarse fields -> ensemble of CF files.
#include <unistd.h>

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "archive.hpp"
#include "domain.hpp"
#include "hindscale/app/stages.hpp"
#include "hindscale/comm/work_queue.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/core/stop.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "member_statistics.hpp"
#include "output_spec.hpp"
#include "reconstruction_plan.hpp"
#include "stage_support.hpp"
#include "trained_network.hpp"
#include "unit_maker.hpp"

namespace hindscale {
namespace {

using Records = std::map<std::string, FileRecord>;

/// Where the coarse fields come from: the store, or files of another period or source.
struct CoarseInput {
  std::optional<FieldSources> sources;
  Window window;
  std::map<std::string, std::string> sha256;  ///< of the files, by name
};

CoarseInput open_coarse(const Context& context, const Options& options,
                        const StoreContent& content) {
  CoarseInput input;
  if (options.reconstruct.coarse_files.empty()) return input;
  together(context.comm, [&] {
    input.sources.emplace(options, options.reconstruct.coarse_files,
                          options.reconstruct.coarse_names, "reconstruct/coarse_files");
    const Cut cut = locate(input.sources->grid(), content.coarse);
    input.window = cut.window;
  });
  const auto files = input.sources->files();
  const auto digests = digests_of(context.comm, files);
  for (std::size_t i = 0; i < files.size(); ++i)
    input.sha256[std::filesystem::path(files[i]).filename().string()] = digests[i];
  return input;
}

ReadCoarse coarse_reader(const CoarseInput& input, const StoreReader& store,
                         const StoreContent& content) {
  if (input.sources) {
    return [&input](Month month, View<float, 3> field) {
      input.sources->read(month, input.window, field);
    };
  }
  return [&store, &content](Month month, View<float, 3> field) {
    store.read(store::coarse, content.position_of(month), 1, field.flat());
  };
}

/// Refuses months that have no coarse field, before anything is computed.
void check_months(const ReconstructionPlan& plan, const CoarseInput& input,
                  const StoreContent& content) {
  for (const Segment& segment : plan.segments) {
    for (const Month month : segment.months()) {
      if (!input.sources) {
        static_cast<void>(content.position_of(month));  // throws where the store lacks it
      } else if (!input.sources->has(month)) {
        throw InputError({.problem = "month missing from the coarse files",
                          .value = month.to_string(),
                          .advice = "add files, or change reconstruct/first_month and last_month",
                          .key = "reconstruct/coarse_files"});
      }
    }
  }
}

std::uintmax_t bytes_to_write(const ReconstructionPlan& plan, const OutputStyle& style) {
  const std::uintmax_t field =
      style.content.fine.n_rows() * style.content.fine.n_columns() * sizeof(float);
  constexpr std::uintmax_t header = 16384;
  std::uintmax_t bytes = 0;
  for (const Unit& unit : plan.units) {
    bytes += unit.members.size() * plan.variables.size() *
             (header + field * unit.segment.months().size());
  }
  const std::uintmax_t n_statistics =
      style.options.output.statistics ? 2 + style.options.output.quantiles.size() : 0;
  for (const Segment& segment : plan.segments)
    bytes += plan.variables.size() * n_statistics * (header + field * segment.months().size());
  return bytes;
}

/// Segments whose statistics are finished where members are not to be kept. InputError where such
/// statistics cover other members.
std::set<Segment> condensed_segments(const OutputStyle& style, const Records& finished) {
  std::set<Segment> condensed;
  if (style.options.output.members) return condensed;
  std::vector<std::string> names;
  for (const auto& [name, record] : finished) names.push_back(name);
  for (const Segment& segment : segments_of(names)) {
    const bool begun =
        finished.count(statistics_file(style.content.variables.front(), "mean", segment)) != 0;
    if (!begun) continue;
    if (statistics_are_finished(style, segment, finished)) {
      condensed.insert(segment);
    } else if (finished.count(member_file(style.content.variables.front(),
                                          static_cast<int>(style.options.ensemble.first_member),
                                          segment)) == 0) {
      throw InputError({.problem = "the members of an earlier run were not kept",
                        .value = style.folder.string(),
                        .why = "its statistics cover other members",
                        .advice = "reconstruct into another folder",
                        .key = "output/members"});
    }
  }
  return condensed;
}

/// Adds the records that all ranks made to `files`. Collective.
void share_records(const Communicator& comm, const std::vector<FileRecord>& mine, Records& files) {
  nlohmann::json json = nlohmann::json::array();
  for (const FileRecord& record : mine) json.push_back({record.name, record.bytes, record.sha256});
  for (const std::string& text : gather_texts(comm, json.dump())) {
    for (const auto& entry : nlohmann::json::parse(text))
      files[entry[0]] = {entry[0], entry[1], entry[2]};
  }
}

/// Takes units from the shared queue until all are done or the run has to stop; true where it
/// stopped early. Collective.
bool make_units(const Context& context, const ReconstructionPlan& plan, UnitMaker& maker,
                const std::function<bool()>& has_to_stop, Records& files) {
  const WallTime since_start(0);
  WorkQueue queue(context.comm, static_cast<std::int64_t>(plan.units.size()));
  std::vector<FileRecord> mine;
  bool stopped = false;
  const auto stop = [&] {
    if (!has_to_stop()) return queue.closed();
    queue.close();
    return true;
  };
  while (const auto i_unit = queue.next()) {
    const auto records = maker.make(plan.units[static_cast<std::size_t>(*i_unit)], stop);
    if (!records) {
      stopped = true;
      break;
    }
    mine.insert(mine.end(), records->begin(), records->end());
    const double done = static_cast<double>(*i_unit + 1) / static_cast<double>(plan.units.size());
    context.log.info("unit {} of {} done; {:.0f} s left", *i_unit + 1, plan.units.size(),
                     since_start.elapsed_s() * (1 - done) / done);
  }
  stopped = stopped || stop_signal_seen() || queue.closed();
  share_records(context.comm, mine, files);
  return any_of(context.comm, stopped);
}

/// Statistics of every segment that lacks them; removes members that are not to be kept.
/// Collective.
void make_statistics(const Context& context, const OutputStyle& style,
                     const ReconstructionPlan& plan, Records& files) {
  std::vector<std::pair<std::size_t, Segment>> tasks;
  for (const Segment& segment : plan.segments) {
    if (!style.options.output.statistics || statistics_are_finished(style, segment, files))
      continue;
    for (std::size_t v = 0; v < plan.variables.size(); ++v) tasks.emplace_back(v, segment);
  }
  barrier(context.comm);  // every rank has read the old statistics before any is replaced
  std::vector<FileRecord> mine;
  {
    WorkQueue queue(context.comm, static_cast<std::int64_t>(tasks.size()));
    while (const auto i_task = queue.next()) {
      const auto& [variable, segment] = tasks[static_cast<std::size_t>(*i_task)];
      for (const FileRecord& record : write_statistics(style, variable, segment, plan.members))
        mine.push_back(record);
    }
  }
  share_records(context.comm, mine, files);
  if (style.options.output.members) return;
  for (const Segment& segment : plan.segments) {
    for (const std::string& name : plan.member_files(segment)) {
      if (files.erase(name) != 0 && context.comm.is_root())
        std::filesystem::remove(style.folder / name);
    }
  }
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
  const WallTime wall_time(options.experiment.wall_time_s);
  const std::filesystem::path folder = options.reconstruction_path();
  set_threads(static_cast<int>(options.experiment.threads));

  // 1. Store, checkpoint, coarse fields.
  std::optional<StoreReader> store;
  together(context.comm, [&] { store.emplace(options.store_path()); });
  const std::string store_sha256 =
      digests_of(context.comm, {options.store_path().string()}).front();
  std::optional<TrainedNetwork> trained;
  std::optional<FieldGenerator> generator;
  together(context.comm, [&] {
    trained.emplace(load_trained_network(options, *store, store_sha256));
    generator.emplace(trained->network, *trained->conditioning,
                      generator_options(options, *trained), torch_device(context.device));
  });
  const StoreContent& content = trained->conditioning->content();
  const CoarseInput coarse = open_coarse(context, options, content);

  // 2. The folder: its lock, its identity, its finished files; what is missing.
  const StageLock lock(context, folder);
  const ArchiveIdentity identity{trained->checkpoint_sha256, store_sha256, value_options(options),
                                 coarse.sha256};
  together(context.comm, [&] {
    if (context.comm.is_root()) pin_identity(folder, identity);
  });
  Records files = finished_files(context, folder);
  const OutputStyle style{options, content, folder, global_attributes(options, identity)};
  ReconstructionPlan plan;
  together(context.comm, [&] {
    std::set<std::string> names;
    for (const auto& [name, record] : files) names.insert(name);
    plan = plan_reconstruction(options, names, condensed_segments(style, files));
    check_months(plan, coarse, content);
    if (context.comm.is_root()) check_disk(folder, bytes_to_write(plan, style));
  });
  context.log.info("checkpoint {}; {} members, {} to {}; {} units to make, {} files finished",
                   trained->checkpoint.string(), plan.members.size(), options.first_month(),
                   options.last_month(), plan.units.size(), files.size());

  // 3. Units of months x members.
  UnitMaker maker(style, *trained->conditioning, *generator,
                  coarse_reader(coarse, *store, content));
  maker.set_range(store->read_whole(store::range));
  const auto has_to_stop = [&] {
    lock.refresh();
    return stop_signal_seen() || wall_time.spent();
  };
  const bool stopped = make_units(context, plan, maker, has_to_stop, files);

  // 4. Statistics over the members, manifest, report.
  if (!stopped) make_statistics(context, style, plan, files);
  together(context.comm, [&] {
    if (context.comm.is_root()) write_manifest(folder, files);
    if (!plan.units.empty()) write_run_log(context, style, *trained, wall_time.elapsed_s());
  });
  if (!plan.units.empty()) report_range(context, maker, content);
  return stopped ? ExitCode::stopped : ExitCode::done;
}

}  // namespace hindscale
