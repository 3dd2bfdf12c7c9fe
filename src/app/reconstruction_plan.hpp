// SPDX-License-Identifier: Apache-2.0
// Which files a reconstruction consists of, and the units of work that make those which are
// missing.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "hindscale/namelist/options.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

/// Consecutive months that share a file.
struct Segment {
  Month first;
  Month last;
  [[nodiscard]] std::vector<Month> months() const;
  auto operator<=>(const Segment&) const = default;
};

/// "uas_r001_199101-199212.nc".
std::string member_file(const std::string& variable, int member, const Segment& segment);
/// "uas_mean_199101-199212.nc"; `kind` is mean, std or quantiles.
std::string statistics_file(const std::string& variable, const std::string& kind,
                            const Segment& segment);

/// The segment a file name ends in; nothing for other names.
std::vector<Segment> segments_of(const std::vector<std::string>& file_names);

/// Whether a file of this name belongs to an archive of these variables.
bool is_archive_file(const std::vector<std::string>& variables, const std::string& name);

/// Whether one of the segments holds this month.
bool holds_month(const std::vector<Segment>& segments, Month month);

/// Cuts the months into blocks of `years_per_file` years, counted from year 0. Segments that exist
/// already are kept whole; what lies between them becomes new ones.
std::vector<Segment> plan_segments(const Segment& months, int years_per_file,
                                   const std::vector<Segment>& existing);

/// One unit of work: it commits the files of these members for this segment, all variables, and
/// nothing else.
struct Unit {
  Segment segment;
  std::vector<int> members;
};

/// What was asked for and what of it is missing.
struct ReconstructionPlan {
  std::vector<std::string> variables;
  std::vector<Segment> segments;
  std::vector<int> members;
  std::vector<Unit> units;
  std::set<Segment> condensed;  ///< segments whose members are gone and need not come back

  /// Every month of the segments, in order.
  [[nodiscard]] std::vector<Month> months() const;
  /// Segments whose members are there at a time where they go as soon as the statistics are
  /// finished, so many groups of ranks take units in their order, and none falls far behind.
  [[nodiscard]] std::size_t segments_in_work(std::size_t n_groups) const;
};

/// Whether the files of all variables of a member are among those finished.
bool member_is_finished(const std::vector<std::string>& variables, int member,
                        const Segment& segment, const std::set<std::string>& finished);

/// `finished` are the files that exist and were verified; `condensed` the segments whose statistics
/// are finished and whose members need not be kept.
ReconstructionPlan plan_reconstruction(const Options& options,
                                       const std::set<std::string>& finished,
                                       const std::set<Segment>& condensed);

}  // namespace hindscale
