// SPDX-License-Identifier: Apache-2.0
// The member files of one unit of work, written by one thread while another goes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "output_spec.hpp"
#include "reconstruction_plan.hpp"

namespace hindscale {

/// Opened at the first write. All but `done` and, once that is true, `records` is the writing
/// thread's. Keeps references to the style.
class UnitFiles {
 public:
  UnitFiles(const OutputStyle& style, Unit unit);

  /// One month of a member: field [v, y, x].
  void write(std::size_t i_month, std::size_t i_member, View<const float, 3> field);
  /// Commits all files of the unit.
  void commit();

  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] const std::vector<FileRecord>& records() const { return records_; }

 private:
  void open();

  const OutputStyle& style_;
  Unit unit_;
  std::vector<std::vector<FieldFile>> files_;  ///< [member][variable]
  std::vector<FileRecord> records_;
  std::atomic<bool> done_ = false;
};

}  // namespace hindscale
