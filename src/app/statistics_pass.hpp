// SPDX-License-Identifier: Apache-2.0
// The second pass of a reconstruction: statistics of segments over their members.
#pragma once

#include <functional>
#include <set>

#include "archive.hpp"
#include "member_statistics.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {

/// Segments whose statistics are finished and whose members an earlier run removed, as this one is
/// to. InputError where this run would replace such statistics by those of other members.
std::set<Segment> condensed_segments(const OutputStyle& style, const Records& finished);

/// Bytes before compression that a plan will still need: of statistics, and of the members that so
/// many groups of ranks have made and not yet removed.
std::uintmax_t bytes_to_write(const OutputStyle& style, const ReconstructionPlan& plan,
                              const Records& finished, std::size_t n_groups);

/// The statistics of a segment that a plan will have to write, over all members it holds then;
/// nothing where they are finished or not asked for.
std::vector<StatisticsTask> statistics_to_make(const OutputStyle& style,
                                               const ReconstructionPlan& plan,
                                               const Segment& segment, const Records& files);

/// The files that will stay as they are: all but the statistics that a plan replaces. A manifest of
/// them alone holds whenever the run is killed.
Records lasting_files(const OutputStyle& style, const ReconstructionPlan& plan,
                      const Records& files);

/// Removes the members of a segment that its statistics cover, where they are not to be kept; the
/// statistics have to be finished. One rank.
void remove_members(const OutputStyle& style, const Segment& segment);

/// Writes the statistics that are missing or cover other members than the archive now holds, then
/// removes members that are not to be kept. True where `has_to_stop` ended it early. Collective.
bool make_statistics(const Context& context, const OutputStyle& style,
                     const ReconstructionPlan& plan, const std::function<bool()>& has_to_stop,
                     Records& files);

/// Tells of statistics that cover fewer members than the archive holds, since they (or quantiles)
/// were not asked for. One rank.
void warn_of_older_statistics(const Log& log, const OutputStyle& style,
                              const ReconstructionPlan& plan, const Records& files);

/// Tells of members that were not asked for and go with those that are not to be kept. One rank.
void warn_of_members_to_go(const Log& log, const OutputStyle& style, const ReconstructionPlan& plan,
                           const Records& files);

}  // namespace hindscale
