// SPDX-License-Identifier: Apache-2.0
#include "unit_loop.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "hindscale/comm/work_queue.hpp"
#include "hindscale/core/units.hpp"
#include "memory_estimate.hpp"
#include "statistics_pass.hpp"

namespace hindscale {
namespace {

/// A block of years that units are missing of.
struct OpenSegment {
  std::int64_t i_tally = 0;
  std::int64_t n_units = 0;
  std::vector<StatisticsTask> statistics{};  ///< to write once it is complete
};

std::map<Segment, OpenSegment> open_segments(const ArchiveWork& work, const Records& files) {
  std::map<Segment, OpenSegment> segments;
  for (const Unit& unit : work.plan.units) {
    const auto [place, is_new] = segments.try_emplace(unit.segment);
    if (is_new) {
      place->second.i_tally = static_cast<std::int64_t>(segments.size()) - 1;
      place->second.statistics = statistics_to_make(work.style, work.plan, unit.segment, files);
    }
    ++place->second.n_units;
  }
  return segments;
}

/// One rank's part in the loop.
class UnitLoop {
 public:
  /// Collective over all ranks.
  UnitLoop(const Context& context, const Communicator& group, const ArchiveWork& work,
           const Records& files)
      : context_(context),
        group_(group),
        work_(work),
        segments_(open_segments(work, files)),
        // No rank replaces statistics before every rank has read the old ones: the queue begins
        // with a barrier.
        queue_(context.comm, static_cast<std::int64_t>(work.plan.units.size()),
               static_cast<std::int64_t>(segments_.size())) {}

  /// Takes part until nothing is left to do.
  void run() {
    const auto stop = [&] {
      take_note();
      const bool own = group_.is_root() ? stops() : work_.clock.has_to_stop();
      const bool all = all_max(group_, own ? 1.0 : 0.0) > 0;
      if (all && group_.is_root()) queue_.close();
      return all;
    };
    for (std::int64_t i_unit = next(); i_unit != none; i_unit = next()) {
      const WallTime unit_time(0);
      const Unit& unit = work_.plan.units[static_cast<std::size_t>(i_unit)];
      auto files = work_.maker.make(unit, stop);
      if (!files) break;
      computed_.push_back({i_unit, unit_time, std::move(files)});
      take_note();
    }
    work_.maker.finish();
    take_note();
  }

  /// The files this rank made.
  [[nodiscard]] const std::vector<FileRecord>& made() const { return made_; }

  /// Segments whose members some rank has removed. Collective.
  [[nodiscard]] std::set<Segment> condensed() const {
    std::vector<double> flags(segments_.size(), 0.0);
    for (const Segment& segment : condensed_)
      flags[static_cast<std::size_t>(segments_.at(segment).i_tally)] = 1;
    all_sum_in_place(context_.comm, flags);
    std::set<Segment> all;
    for (const auto& [segment, open] : segments_)
      if (flags[static_cast<std::size_t>(open.i_tally)] > 0) all.insert(segment);
    return all;
  }

 private:
  static constexpr std::int64_t none = -1;

  struct Computed {
    std::int64_t i_unit = 0;
    WallTime since_begun;
    std::shared_ptr<const UnitFiles> files;
  };

  bool stops() {
    if (!work_.clock.has_to_stop()) return queue_.closed();
    queue_.close();
    return true;
  }
  /// Of the units whose files are there.
  void take_note() {
    for (; !computed_.empty() && computed_.front().files->done(); computed_.pop_front()) {
      const auto& [i_unit, since_begun, files] = computed_.front();
      work_.clock.unit_took(since_begun.elapsed_s());
      made_.insert(made_.end(), files->records().begin(), files->records().end());
      const auto n_units = static_cast<double>(work_.plan.units.size());
      const double done = static_cast<double>(i_unit + 1) / n_units;
      context_.log.info("unit {} of {} done; {:.0f} s left; {:.0f} MiB at the peak so far",
                        i_unit + 1, work_.plan.units.size(),
                        since_start_.elapsed_s() * (1 - done) / done, peak_bytes() / mib);
      if (group_.is_root()) complete(work_.plan.units[static_cast<std::size_t>(i_unit)].segment);
    }
  }

  std::int64_t next() {
    const bool goes_on = group_.is_root() && work_.clock.has_room_for_a_unit() && !stops();
    return broadcast(group_, goes_on ? queue_.next().value_or(none) : none);
  }

  /// A unit of the segment is done: was it the last one?
  void complete(const Segment& segment) {
    const OpenSegment& open = segments_.at(segment);
    if (queue_.count(open.i_tally) < open.n_units || open.statistics.empty() || !queue_.has_more())
      return;
    const InRegion statistics(context_.regions.get(), Region::statistics);
    for (const StatisticsTask& task : open.statistics) {
      const auto records = write_statistics(work_.style, task, [&] { return stops(); });
      if (records.empty()) return;
      made_.insert(made_.end(), records.begin(), records.end());
    }
    if (work_.style.options.output.members) return;
    remove_members(work_.style, segment);
    condensed_.insert(segment);
  }

  const Context& context_;
  const Communicator& group_;
  const ArchiveWork& work_;
  std::map<Segment, OpenSegment> segments_;
  WorkQueue queue_;
  WallTime since_start_{0};
  std::deque<Computed> computed_;  ///< units whose files are not all written, in their order
  std::vector<FileRecord> made_;
  std::set<Segment> condensed_;  ///< by this rank
};

/// Takes the members of condensed segments off the records.
void forget_members(const ReconstructionPlan& plan, const std::set<Segment>& condensed,
                    Records& files) {
  for (const Segment& segment : condensed)
    for (const int member : members_of(plan.variables, segment, files))
      for (const std::string& variable : plan.variables)
        files.erase(member_file(variable, member, segment));
}

}  // namespace

bool make_units(const Context& context, const Communicator& group, const ArchiveWork& work,
                Records& files) {
  UnitLoop loop(context, group, work, files);
  loop.run();
  const InRegion waiting(context.regions.get(), Region::waiting);
  ReconstructionPlan& plan = work.plan;
  const auto n_made = static_cast<std::int64_t>(loop.made().size());
  const bool none_made = all_sum(context.comm, n_made) == 0;
  share_records(context.comm, loop.made(), files);
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
  const std::set<Segment> condensed = loop.condensed();
  forget_members(plan, condensed, files);
  plan.condensed.insert(condensed.begin(), condensed.end());
  return !complete;
}

}  // namespace hindscale
