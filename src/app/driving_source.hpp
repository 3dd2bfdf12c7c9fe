// SPDX-License-Identifier: Apache-2.0
// The source in reconstruct/coarse_files: one, or one for each of its members.
#pragma once

#include <cstdint>
#include <map>

#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/window.hpp"
#include "stage_support.hpp"

namespace hindscale {

/// Members of the source that stay open, with a file for every variable: those of a unit of work.
std::int64_t drivers_kept_open(const Options& options);

/// Reads fields of any member of the source on the coarse grid. Members are opened when they are
/// asked for; a bounded number stays open. Keeps references to its arguments.
class DrivingSource {
 public:
  /// Opens the first member. InputError where it does not fit the coarse grid and the units of the
  /// store.
  DrivingSource(const Options& options, const StoreContent& content);

  /// The number of the first member; 0 where there are no members.
  [[nodiscard]] int first() const { return options_.reconstruct.driver_of(1); }
  [[nodiscard]] bool has(int driver, Month month);
  /// InputError where the month is not there.
  void require(int driver, Month month);
  /// Reads [v, cy, cx]. InputError where the month is not there.
  void read(int driver, Month month, View<float, 3> field);

 private:
  const FieldSources& open(int driver);

  const Options& options_;
  const StoreContent& content_;
  std::map<int, FieldSources> open_;
  Window window_;
};

}  // namespace hindscale
