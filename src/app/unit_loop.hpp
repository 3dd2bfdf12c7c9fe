// SPDX-License-Identifier: Apache-2.0
// The loop of a reconstruction: units of work from a queue that all ranks share.
#pragma once

#include <algorithm>

#include "archive.hpp"
#include "hindscale/core/stop.hpp"
#include "output_spec.hpp"
#include "reconstruction_plan.hpp"
#include "stage_support.hpp"
#include "unit_maker.hpp"

namespace hindscale {

/// When a run has to end: a signal, or a wall time that is spent or leaves no room for one more
/// unit like those this rank has made.
class Clock {
 public:
  explicit Clock(double wall_time_s) : wall_time_(wall_time_s) {}
  void unit_took(double seconds) { longest_unit_s_ = std::max(longest_unit_s_, seconds); }
  [[nodiscard]] bool has_to_stop() const { return stop_signal_seen() || wall_time_.spent(); }
  [[nodiscard]] bool has_room_for_a_unit() const {
    return wall_time_.has_room_for(longest_unit_s_);
  }
  [[nodiscard]] double elapsed_s() const { return wall_time_.elapsed_s(); }

 private:
  WallTime wall_time_;
  double longest_unit_s_ = 0;
};

/// What an archive lacks, and what makes it.
struct ArchiveWork {
  const OutputStyle& style;
  ReconstructionPlan& plan;  ///< learns which segments keep their statistics alone
  UnitMaker& maker;
  Clock& clock;
};

/// Takes units from the shared queue until all are done or the run has to stop; true where it
/// stopped early. The roots of the groups take them and decide. The root whose unit completes a
/// block of years writes its statistics, while the others go on, and removes its members where
/// these are not to be kept; when no units are left, statistics are left for all ranks to share.
/// Adds the files to `files`. Collective.
bool make_units(const Context& context, const Communicator& group, const ArchiveWork& work,
                Records& files);

}  // namespace hindscale
