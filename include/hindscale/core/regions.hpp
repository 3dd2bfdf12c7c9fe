// SPDX-License-Identifier: Apache-2.0
// Where the time of a stage goes.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace hindscale {

enum class Region {
  reading,     ///< source files, store and checkpoints
  fitting,     ///< climatologies, transforms and regressions
  inputs,      ///< first guess and channels; batches that training had to wait for
  network,     ///< evaluations; forward and backward passes
  sampling,    ///< noise, states and tiles of a field
  exchange,    ///< halos and gradients between ranks, and waiting for these ranks
  update,      ///< of weights and their average
  validation,  ///< of a training, with its own evaluations
  physics,     ///< back to physical units, checks of the fields
  writing,     ///< files and checkpoints
  statistics,  ///< over members
  scoring,     ///< members and baselines against the truth, reading them included
  waiting,     ///< for the last units of other ranks
  other
};
constexpr std::size_t n_regions = static_cast<std::size_t>(Region::other) + 1;
constexpr std::array<std::string_view, n_regions> region_names{
    "reading",    "fitting", "inputs",  "network",    "sampling", "exchange", "update",
    "validation", "physics", "writing", "statistics", "scoring",  "waiting",  "other"};

/// Every second of one thread belongs to one region: an inner region interrupts the outer one.
class Regions {
 public:
  using Seconds = std::array<double, n_regions>;

  /// Ends the current region and begins another; returns the one that ended.
  Region enter(Region region) {
    const auto now = std::chrono::steady_clock::now();
    seconds_[static_cast<std::size_t>(current_)] +=
        std::chrono::duration<double>(now - since_).count();
    since_ = now;
    return std::exchange(current_, region);
  }

  /// Since construction.
  [[nodiscard]] const Seconds& seconds() {
    enter(current_);
    return seconds_;
  }

 private:
  Seconds seconds_{};
  Region current_ = Region::other;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

/// A region for as long as it lives. `regions` may be null: then nothing is counted.
class InRegion {
 public:
  InRegion(Regions* regions, Region region)
      : regions_(regions), outer_(regions != nullptr ? regions->enter(region) : region) {}
  ~InRegion() {
    if (regions_ != nullptr) regions_->enter(outer_);
  }
  InRegion(const InRegion&) = delete;
  InRegion& operator=(const InRegion&) = delete;

 private:
  Regions* regions_;
  Region outer_;
};

}  // namespace hindscale
