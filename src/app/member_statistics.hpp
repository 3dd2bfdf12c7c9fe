// SPDX-License-Identifier: Apache-2.0
// Mean, standard deviation and quantiles over the members, from their files.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "output_spec.hpp"

namespace hindscale {

/// The kinds asked for: "mean", "std", and "quantiles" where there are any.
std::vector<std::string> statistics_kinds(const Options& options);

/// Whether the statistics of all variables of a segment are finished, over these very members.
bool statistics_are_finished(const OutputStyle& style, const Segment& segment,
                             const std::vector<int>& members,
                             const std::map<std::string, FileRecord>& finished);

/// Writes and commits the statistics of one variable and segment: the mean, the standard deviation
/// (with M - 1, missing for one member) and quantiles (linear between order statistics). Members
/// are read in bands of rows and summed in order, in double: memory is bounded and the result does
/// not depend on which rank made which member. One rank calls it.
std::vector<FileRecord> write_statistics(const OutputStyle& style, std::size_t variable,
                                         const Segment& segment, const std::vector<int>& members);

}  // namespace hindscale
