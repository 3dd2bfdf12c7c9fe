// SPDX-License-Identifier: Apache-2.0
// Mean, standard deviation and quantiles over the members, from their files.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "output_spec.hpp"

namespace hindscale {

/// Memory for the members' rows.
inline constexpr std::size_t statistics_band_bytes = std::size_t{64} << 20;

/// The kinds asked for: "mean", "std", and "quantiles" where there are any.
std::vector<std::string> statistics_kinds(const Options& options);

/// Whether the statistics of all variables of a segment are finished, over these very members.
bool statistics_are_finished(const OutputStyle& style, const Segment& segment,
                             const std::vector<int>& members,
                             const std::map<std::string, FileRecord>& finished);

/// The members that a file of statistics covers, in order.
std::vector<int> members_in(const std::filesystem::path& file);

/// The statistics of one variable and segment over some members.
struct StatisticsTask {
  std::size_t variable = 0;
  Segment segment;
  std::vector<int> members;
};

/// Writes and commits the statistics of one task, or nothing where `stop` became true on the way:
/// the mean, the standard deviation (with M - 1, missing for one member; over the first of each
/// pair) and quantiles (linear between order statistics). Members are read in bands of rows and
/// summed in order, in double: memory is bounded and the result does not depend on which rank made
/// which member. One rank calls it.
std::vector<FileRecord> write_statistics(const OutputStyle& style, const StatisticsTask& task,
                                         const std::function<bool()>& stop);

}  // namespace hindscale
