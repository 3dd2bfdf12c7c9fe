// SPDX-License-Identifier: Apache-2.0
// The second pass of a reconstruction: statistics of every segment over its members.
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

/// Bytes of the member files and statistics that a plan will still write, before compression.
std::uintmax_t bytes_to_write(const OutputStyle& style, const ReconstructionPlan& plan,
                              const Records& finished);

/// Writes the statistics that are missing or cover other members than the archive now holds, then
/// removes members that are not to be kept. True where `has_to_stop` ended it early. Collective.
bool make_statistics(const Context& context, const OutputStyle& style,
                     const ReconstructionPlan& plan, const std::function<bool()>& has_to_stop,
                     Records& files);

}  // namespace hindscale
