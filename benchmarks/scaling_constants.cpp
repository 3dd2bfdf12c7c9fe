// SPDX-License-Identifier: Apache-2.0
// Questions: what does the shared queue cost, what do halos, files and the bookkeeping of a large
// archive cost? Constants for scaling_curve, as one line of JSON.
//
// usage: mpirun -n RANKS scaling_constants ARCHIVE.nml ROWS,COLUMNS,STEP FOLDER [group/key=value
// ...] The cells are those of the archive, in degrees. FOLDER takes files for a moment. More ranks
// than cores measure contention, not speed.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bare_content.hpp"
#include "hindscale/comm/runtime.hpp"
#include "hindscale/comm/work_queue.hpp"
#include "hindscale/sampler/generator.hpp"
#include "hindscale/tiling/row_share.hpp"
#include "statistics_pass.hpp"

namespace hindscale {
namespace {

/// Seconds of this rank from a common start. Collective.
template <class Work>
double seconds_of(const Communicator& comm, const Work& work) {
  barrier(comm);
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// A rank's wait for one operation (mean over the ranks), and the time the queue spends on one
/// while all ask at once.
nlohmann::json queue_costs(const Communicator& comm) {
  constexpr int n_calls = 5000;
  WorkQueue queue(comm, std::int64_t{n_calls} * comm.size(), 1);
  nlohmann::json costs;
  const auto measure = [&](const std::string& name, const auto& operation) {
    const double own = seconds_of(comm, [&] {
      for (int i = 0; i < n_calls; ++i) operation();
    });
    costs[name + "_wait_s"] = all_sum(comm, own) / comm.size() / n_calls;
    costs[name + "_service_s"] = all_max(comm, own) / n_calls / comm.size();
  };
  measure("next", [&] { queue.next(); });
  measure("count", [&] { queue.count(0); });
  measure("look", [&] { static_cast<void>(queue.closed()); });
  return costs;
}

/// How long the others wait for an operation while the root, which holds the counters, computes and
/// calls the queue every `silence_s`: nothing where the memory answers by itself, `silence_s` where
/// MPI needs the root, up to n_calls times that where its own calls do not make it answer.
nlohmann::json attention(const Communicator& comm) {
  constexpr double silence_s = 0.02;
  constexpr int n_calls = 25;
  if (comm.size() == 1) return nullptr;
  WorkQueue queue(comm, std::int64_t{n_calls} * comm.size(), 1);
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  double waited = 0, longest = 0;
  barrier(comm);
  for (int i = 0; i < n_calls; ++i) {
    const auto start = Clock::now();
    if (comm.is_root()) {
      while (Clock::now() - start < Seconds(silence_s)) continue;
      static_cast<void>(queue.closed());
    } else {
      queue.next();
      const double wait = Seconds(Clock::now() - start).count();
      waited += wait;
      longest = std::max(longest, wait);
      std::this_thread::sleep_for(Seconds(silence_s / 3));
    }
  }
  return {{"silence_s", silence_s},
          {"mean_wait_s", all_sum(comm, waited) / n_calls / (comm.size() - 1)},
          {"longest_wait_s", all_max(comm, longest)}};
}

/// Halos of one call of the network, all ranks sharing a field.
nlohmann::json exchange_costs(const Communicator& comm, const Options& options,
                              const StoreContent& content) {
  if (comm.size() == 1) return nullptr;
  constexpr int n_calls = 20;
  const TileLayout layout(content.fine.n_rows(), content.fine.n_columns(), content.fine.periodic,
                          tiling_options(options.tiling));
  const auto n_tiles = static_cast<std::int64_t>(layout.tiles().size());
  if (n_tiles < comm.size()) return nullptr;
  const Block mine = block_of(n_tiles, comm.rank(), comm.size());
  const Window &first = layout.tiles()[static_cast<std::size_t>(mine.first)],
               &last = layout.tiles()[static_cast<std::size_t>(mine.last - 1)];
  const RowShare share(comm, content.fine.n_rows(), {first.row, last.row + last.n_rows});
  const std::size_t n = content.n_variables(), n_columns = content.fine.n_columns();
  Array<float, 3> own({n, share.own().size(), n_columns}),
      touched({n, share.touched().size(), n_columns});
  Array<std::int64_t, 3> sums({n, share.touched().size(), n_columns}),
      totals({n, share.own().size(), n_columns});
  const double seconds = seconds_of(comm, [&] {
    for (int i = 0; i < n_calls; ++i) {
      share.fill(own, touched);
      share.total(sums, totals);
    }
  });
  return {{"a_call_s", all_max(comm, seconds) / n_calls}};
}

double commit_seconds(const Communicator& comm, const OutputStyle& style, const Segment& segment,
                      int n_files) {
  const Communicator self = Communicator::self();
  const std::vector<float> record(style.content.fine.n_rows() * style.content.fine.n_columns(),
                                  1.5F);
  return all_max(comm, seconds_of(
                           comm,
                           [&] {
                             for (int i = 0; i < n_files; ++i) {
                               FieldFileSpec spec = member_spec(style, 0, 1 + comm.rank(), segment);
                               FieldFile file(self, spec);
                               for (std::size_t month = 0; month < spec.months.size(); ++month)
                                 file.write(month, record);
                               file.commit();
                               std::filesystem::remove(spec.path);
                             }
                           })) /
         n_files;
}

/// Every rank commits files of its own at the same time: cost of a file, and of its bytes.
nlohmann::json file_costs(const Communicator& comm, const Options& options,
                          const StoreContent& content, const std::filesystem::path& folder) {
  StoreContent tiny = content;
  tiny.fine =
      regular_grid({.step_longitude = 45, .step_latitude = 45, .n_columns = 8, .n_rows = 4});
  const Segment one{Month(1900, 1), Month(1900, 1)}, year{Month(1900, 1), Month(1900, 12)};
  std::vector<CoarseDigests::Entry> entries;
  for (const Month month : year.months()) entries.push_back({month, 0, 0});
  const CoarseDigests digests(std::move(entries));
  const OutputStyle small{options, tiny, folder, {}, digests},
      large{options, content, folder, {}, digests};
  const double file_s = commit_seconds(comm, small, one, 20);
  const double large_s = commit_seconds(comm, large, year, 2);
  const double bytes =
      12.0 * sizeof(float) * static_cast<double>(content.fine.n_rows() * content.fine.n_columns());
  return {{"file_s", file_s}, {"bytes_a_s", bytes / std::max(large_s - file_s, 1e-9)}};
}

/// What every rank does once with the names of all files: at a start with all of them finished, and
/// at the end. Folder and files need not exist.
nlohmann::json bookkeeping(const Context& context, const Options& options,
                           const StoreContent& content) {
  const CoarseDigests none;
  const OutputStyle style{options, content, "/nowhere", {}, none};
  const ReconstructionPlan plan = plan_reconstruction(options, {}, {});
  std::vector<FileRecord> all;
  for (const Unit& unit : plan.units)
    for (const int member : unit.members)
      for (const std::string& variable : plan.variables)
        all.push_back({member_file(variable, member, unit.segment), 1, std::string(64, 'a')});
  const Block mine =
      block_of(static_cast<std::int64_t>(all.size()), context.comm.rank(), context.comm.size());
  Records files;
  const double sharing = seconds_of(context.comm, [&] {
    share_records(context.comm, {all.begin() + mine.first, all.begin() + mine.last}, files);
  });
  const double recognising = seconds_of(context.comm, [&] {
    for (const FileRecord& record : all)
      HINDSCALE_ASSERT(is_archive_file(plan.variables, record.name));
  });
  const double planning = seconds_of(context.comm, [&] {
    HINDSCALE_ASSERT(plan_reconstruction(options, names_of(files), {}).units.empty());
  });
  const double statistics = seconds_of(context.comm, [&] {
    for (const Segment& segment : plan.segments) statistics_to_make(style, plan, segment, files);
  });
  return {{"files", all.size()},    {"units", plan.units.size()},
          {"sharing_s", sharing},   {"recognising_s", recognising},
          {"planning_s", planning}, {"statistics_s", statistics}};
}

int measure(int argc, char** argv) {
  if (argc < 4) {
    std::cerr
        << "usage: scaling_constants ARCHIVE.nml ROWS,COLUMNS,STEP FOLDER [group/key=value ...]\n";
    return 2;
  }
  Context context;
  context.comm = Communicator::world();
  const Options options = read_options(argv[1], {argv + 4, argv + argc});
  const StoreContent content = bare_content(options, argv[2]);
  std::filesystem::create_directories(argv[3]);
  nlohmann::json constants;
  constants["ranks"] = context.comm.size();
  constants["cores"] = std::thread::hardware_concurrency();
  constants["queue"] = queue_costs(context.comm);
  constants["attention"] = attention(context.comm);
  constants["exchange"] = exchange_costs(context.comm, options, content);
  constants["files"] = file_costs(context.comm, options, content, argv[3]);
  constants["bookkeeping"] = bookkeeping(context, options, content);
  if (context.comm.is_root()) std::cout << constants.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace hindscale

int main(int argc, char** argv) {
  const hindscale::Runtime runtime(argc, argv);
  try {
    return hindscale::measure(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "scaling_constants: " << error.what() << "\n";
    hindscale::abort_job(2);
  }
}
