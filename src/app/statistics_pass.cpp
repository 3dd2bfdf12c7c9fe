// SPDX-License-Identifier: Apache-2.0
#include "statistics_pass.hpp"

#include <algorithm>

#include "hindscale/comm/work_queue.hpp"

namespace hindscale {
namespace {

/// The members that the statistics of a segment cover once the plan is carried out: all that the
/// archive holds, or, where members are not kept, those asked for.
std::vector<int> members_covered(const OutputStyle& style, const ReconstructionPlan& plan,
                                 const Segment& segment, const Records& files) {
  if (!style.options.output.members) return plan.members;
  std::vector<int> members = members_of(plan.variables, segment, names_of(files));
  members.insert(members.end(), plan.members.begin(), plan.members.end());
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

bool needs_statistics(const OutputStyle& style, const ReconstructionPlan& plan,
                      const Segment& segment, const Records& files) {
  return style.options.output.statistics &&
         !statistics_are_finished(style, segment, members_covered(style, plan, segment, files),
                                  files);
}

/// Removes the members of segments whose statistics are written.
void remove_members(const Context& context, const OutputStyle& style,
                    const ReconstructionPlan& plan, Records& files) {
  for (const Segment& segment : plan.segments) {
    for (const std::string& name : plan.member_files(segment)) {
      if (files.erase(name) != 0 && context.comm.is_root())
        std::filesystem::remove(style.folder / name);
    }
  }
}

}  // namespace

std::set<Segment> condensed_segments(const OutputStyle& style, const Records& finished) {
  std::set<Segment> condensed;
  if (style.options.output.members) return condensed;
  const std::set<std::string> names = names_of(finished);
  const std::string& variable = style.content.variables.front();
  std::vector<int> asked;
  for (int i = 0; i < style.options.ensemble.members; ++i)
    asked.push_back(static_cast<int>(style.options.ensemble.first_member) + i);
  for (const Segment& segment : segments_of({names.begin(), names.end()})) {
    if (names.count(statistics_file(variable, "mean", segment)) == 0) continue;
    if (statistics_are_finished(style, segment, asked, finished)) {
      condensed.insert(segment);
    } else if (names.count(member_file(variable, asked.front(), segment)) == 0) {
      throw InputError({.problem = "the members of an earlier run were not kept",
                        .value = style.folder.string(),
                        .why = "its statistics cover other members",
                        .advice = "reconstruct into another folder",
                        .key = "output/members"});
    }
  }
  return condensed;
}

std::uintmax_t bytes_to_write(const OutputStyle& style, const ReconstructionPlan& plan,
                              const Records& finished) {
  const std::uintmax_t field =
      style.content.fine.n_rows() * style.content.fine.n_columns() * sizeof(float);
  constexpr std::uintmax_t header = 16384;
  std::uintmax_t bytes = 0;
  for (const Unit& unit : plan.units) {
    bytes += unit.members.size() * plan.variables.size() *
             (header + field * unit.segment.months().size());
  }
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
  struct Task {
    std::size_t variable;
    Segment segment;
    std::vector<int> members;
  };
  std::vector<Task> tasks;
  for (const Segment& segment : plan.segments) {
    if (!needs_statistics(style, plan, segment, files)) continue;
    for (std::size_t v = 0; v < plan.variables.size(); ++v)
      tasks.push_back({v, segment, members_covered(style, plan, segment, files)});
  }
  barrier(context.comm);  // every rank has read the old statistics before any is replaced
  std::vector<FileRecord> mine;
  bool stopped = false;
  {
    WorkQueue queue(context.comm, static_cast<std::int64_t>(tasks.size()));
    while (!stopped) {
      const auto i_task = queue.next();
      if (!i_task) break;
      const Task& task = tasks[static_cast<std::size_t>(*i_task)];
      for (const FileRecord& record :
           write_statistics(style, task.variable, task.segment, task.members))
        mine.push_back(record);
      stopped = has_to_stop();
    }
  }
  share_records(context.comm, mine, files);
  const bool complete = std::none_of(
      plan.segments.begin(), plan.segments.end(),
      [&](const Segment& segment) { return needs_statistics(style, plan, segment, files); });
  if (complete && !style.options.output.members) remove_members(context, style, plan, files);
  return !complete;
}

}  // namespace hindscale
