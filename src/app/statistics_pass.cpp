// SPDX-License-Identifier: Apache-2.0
#include "statistics_pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "hindscale/comm/work_queue.hpp"

namespace hindscale {
namespace {

/// The members that the statistics of a segment cover once the plan is carried out: all whose files
/// the archive holds then.
std::vector<int> members_covered(const ReconstructionPlan& plan, const Segment& segment,
                                 const Records& files) {
  std::vector<int> members = members_of(plan.variables, segment, files);
  members.insert(members.end(), plan.members.begin(), plan.members.end());
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

bool needs_statistics(const OutputStyle& style, const ReconstructionPlan& plan,
                      const Segment& segment, const Records& files) {
  return style.options.output.statistics && plan.condensed.count(segment) == 0 &&
         !statistics_are_finished(style, segment, members_covered(plan, segment, files), files);
}

}  // namespace

std::vector<StatisticsTask> statistics_to_make(const OutputStyle& style,
                                               const ReconstructionPlan& plan,
                                               const Segment& segment, const Records& files) {
  std::vector<StatisticsTask> tasks;
  if (!needs_statistics(style, plan, segment, files)) return tasks;
  for (std::size_t v = 0; v < plan.variables.size(); ++v)
    tasks.push_back({v, segment, members_covered(plan, segment, files)});
  return tasks;
}

Records lasting_files(const OutputStyle& style, const ReconstructionPlan& plan,
                      const Records& files) {
  Records lasting = files;
  for (const Segment& segment : plan.segments) {
    if (!needs_statistics(style, plan, segment, files)) continue;
    for (const std::string& variable : plan.variables)
      for (const std::string& kind : statistics_kinds(style.options))
        lasting.erase(statistics_file(variable, kind, segment));
  }
  return lasting;
}

void remove_members(const OutputStyle& style, const Segment& segment) {
  if (style.options.output.members) return;
  const std::vector<std::string>& variables = style.content.variables;
  for (const int member :
       members_in(style.folder / statistics_file(variables.front(), "mean", segment)))
    for (const std::string& variable : variables)
      std::filesystem::remove(style.folder / member_file(variable, member, segment));
}

std::set<Segment> condensed_segments(const OutputStyle& style, const Records& finished) {
  std::set<Segment> condensed;
  const std::set<std::string> names = names_of(finished);
  std::vector<int> asked;
  for (int i = 0; i < style.options.ensemble.members; ++i)
    asked.push_back(static_cast<int>(style.options.ensemble.first_member) + i);
  const std::string& variable = style.content.variables.front();
  for (const Segment& segment : segments_of({names.begin(), names.end()})) {
    const std::string mean = statistics_file(variable, "mean", segment);
    const bool is_asked = segment.first <= Month::parse(style.options.last_month()) &&
                          Month::parse(style.options.first_month()) <= segment.last;
    if (!is_asked || names.count(mean) == 0) continue;
    const std::vector<int> covered = members_in(style.folder / mean);
    const std::vector<int> held = members_of(style.content.variables, segment, finished);
    const auto lie_in = [](const std::vector<int>& some, const std::vector<int>& all) {
      return std::includes(all.begin(), all.end(), some.begin(), some.end());
    };
    if (lie_in(covered, held)) continue;
    if (!style.options.output.members && lie_in(asked, covered) &&
        statistics_are_finished(style, segment, covered, finished)) {
      condensed.insert(segment);
      continue;
    }
    std::vector<int> to_come;
    std::set_union(held.begin(), held.end(), asked.begin(), asked.end(),
                   std::back_inserter(to_come));
    if (lie_in(covered, to_come)) continue;
    throw InputError({.problem = "members of an earlier run are no longer there",
                      .value = style.folder.string(),
                      .why = fmt::format("its statistics cover members {}, of which {} are left",
                                         members_text(covered), held.size()),
                      .advice = "ask for them too, or reconstruct into another folder",
                      .key = "ensemble/members"});
  }
  return condensed;
}

std::uintmax_t bytes_to_write(const OutputStyle& style, const ReconstructionPlan& plan,
                              const Records& finished, std::size_t n_groups) {
  const std::uintmax_t field =
      style.content.fine.n_rows() * style.content.fine.n_columns() * sizeof(float);
  constexpr std::uintmax_t header = 16384;
  std::uintmax_t bytes = 0, longest = 0;
  std::map<Segment, std::uintmax_t> members_of;
  for (const Unit& unit : plan.units) {
    const std::uintmax_t own = unit.members.size() * plan.variables.size() *
                               (header + field * unit.segment.months().size());
    bytes += own;
    longest = std::max(longest, members_of[unit.segment] += own);
  }
  if (!style.options.output.members)
    bytes = std::min<std::uintmax_t>(bytes, longest * plan.segments_in_work(n_groups));
  const std::uintmax_t n_statistics = 2 + style.options.output.quantiles.size();
  for (const Segment& segment : plan.segments) {
    if (needs_statistics(style, plan, segment, finished))
      bytes += plan.variables.size() * n_statistics * (header + field * segment.months().size());
  }
  return bytes;
}

bool make_statistics(const Context& context, const OutputStyle& style,
                     const ReconstructionPlan& plan, const std::function<bool()>& has_to_stop,
                     Records& files) {
  std::vector<StatisticsTask> tasks;
  for (const Segment& segment : plan.segments) {
    const auto own = statistics_to_make(style, plan, segment, files);
    tasks.insert(tasks.end(), own.begin(), own.end());
  }
  barrier(context.comm);  // every rank has read the old statistics before any is replaced
  std::vector<FileRecord> mine;
  {
    WorkQueue queue(context.comm, static_cast<std::int64_t>(tasks.size()));
    const auto stop = [&] {
      if (!has_to_stop()) return queue.closed();
      queue.close();
      return true;
    };
    while (!stop()) {
      const auto i_task = queue.next();
      if (!i_task) break;
      const auto records = write_statistics(style, tasks[static_cast<std::size_t>(*i_task)], stop);
      mine.insert(mine.end(), records.begin(), records.end());
    }
  }
  share_records(context.comm, mine, files);
  const bool complete = std::none_of(
      plan.segments.begin(), plan.segments.end(),
      [&](const Segment& segment) { return needs_statistics(style, plan, segment, files); });
  if (!complete || style.options.output.members) return !complete;
  for (const Segment& segment : plan.segments) {
    const std::string mean = statistics_file(plan.variables.front(), "mean", segment);
    for (const int member : members_in(style.folder / mean))
      for (const std::string& variable : plan.variables)
        files.erase(member_file(variable, member, segment));
    if (context.comm.is_root()) remove_members(style, segment);
  }
  return false;
}

void warn_of_older_statistics(const Log& log, const OutputStyle& style,
                              const ReconstructionPlan& plan, const Records& files) {
  std::size_t n = 0;
  std::string first;
  for (const Segment& segment : plan.segments) {
    const std::vector<int> held = members_of(plan.variables, segment, files);
    for (const char* kind : {"mean", "std", "quantiles"}) {
      const std::string name = statistics_file(plan.variables.front(), kind, segment);
      if (files.count(name) == 0) continue;
      const std::vector<int> covered = members_in(style.folder / name);
      if (std::includes(covered.begin(), covered.end(), held.begin(), held.end())) continue;
      if (n++ == 0)
        first = fmt::format("{} is of members {}, the archive holds {}", name,
                            members_text(covered), members_text(held));
    }
  }
  if (n == 0) return;
  log.warn(
      "{} statistics of each variable lack members: {}; with output/statistics = .true. (and the "
      "output/quantiles they are of) they are made again",
      n, first);
}

void warn_of_members_to_go(const Log& log, const OutputStyle& style, const ReconstructionPlan& plan,
                           const Records& files) {
  if (style.options.output.members) return;
  std::set<int> unasked;
  for (const Segment& segment : plan.segments)
    for (const int member : members_of(plan.variables, segment, files)) unasked.insert(member);
  for (const int member : plan.members) unasked.erase(member);
  if (unasked.empty()) return;
  log.warn(
      "members {} of an earlier run are not asked for; output/members = .false. removes them, too, "
      "once the statistics cover them",
      members_text({unasked.begin(), unasked.end()}));
}

}  // namespace hindscale
