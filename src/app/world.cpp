// SPDX-License-Identifier: Apache-2.0
// An invented world over real topography -> files such as reanalyses come in.
#include <exception>
#include <optional>

#include "hindscale/app/stages.hpp"
#include "hindscale/comm/work_queue.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/core/stop.hpp"
#include "stage_support.hpp"
#include "world_files.hpp"

namespace hindscale {
namespace {

/// The ranks take unit after unit. Where one fails, the others end what they are at.
void make_units(const Context& context, const WorldFiles& files,
                const std::vector<WorldUnit>& units) {
  WorkQueue queue(context.comm, static_cast<std::int64_t>(units.size()));
  const WallTime since_start{0};
  std::exception_ptr failure;
  try {
    while (const auto i_unit = queue.next()) {
      const InRegion physics(context.regions.get(), Region::physics);
      files.make(units[static_cast<std::size_t>(*i_unit)]);
      const double done = static_cast<double>(*i_unit + 1) / static_cast<double>(units.size());
      if (*i_unit % 20 == 19)
        context.log.info("{} of {} units taken; {:.0f} s left", *i_unit + 1, units.size(),
                         since_start.elapsed_s() * (1 - done) / done);
    }
  } catch (...) {
    failure = std::current_exception();
    queue.close();
  }
  const InRegion waiting(context.regions.get(), Region::waiting);
  together(context.comm, [&] {
    if (failure) std::rethrow_exception(failure);
  });
}

}  // namespace

ExitCode run_world(const Context& context, const WorldOptions& options) {
  // 1. The ground, read by every rank.
  std::optional<WorldFiles> files;
  together(context.comm, [&] {
    const InRegion reading(context.regions.get(), Region::reading);
    if (!std::filesystem::exists(options.relief_file))
      throw InputError({.problem = "no file of topography",
                        .value = options.relief_file,
                        .advice = "install Debian's ferret-datasets, or name a file with heights",
                        .key = "world/relief_file"});
    const std::string relief = read_text(options.relief_file);
    files.emplace(options, sha256_of(relief));
  });
  const world::Domain& domain = files->world().domain();
  context.log.info("fine grid {}; coarse grid {}", describe(domain.fine), describe(domain.coarse));
  const StageLock lock(context, options.directory);

  // 2. Which files are missing; all ranks find the same.
  std::vector<WorldUnit> units;
  together(context.comm, [&] {
    for (const WorldUnit& unit : files->units())
      if (!files->is_finished(unit)) units.push_back(unit);
    if (!units.empty() && context.comm.is_root()) check_disk(options.directory, files->bytes());
  });
  context.log.info("{} of {} units of work are to be made", units.size(), files->units().size());

  // 3. Make them.
  if (!units.empty()) make_units(context, *files, units);
  context.log.info("the world is complete: {}", options.directory);
  return ExitCode::done;
}

}  // namespace hindscale
