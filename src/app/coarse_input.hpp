// SPDX-License-Identifier: Apache-2.0
// The coarse fields that drive a reconstruction: of the sample store, or of files of another period
// or source.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "driving_source.hpp"
#include "hindscale/dataset/adjustment.hpp"
#include "hindscale/dataset/store_content.hpp"

namespace hindscale {

/// The coarse fields a month is made from.
struct CoarseMonth {
  Array<float, 3> own;       ///< [v, cy, cx] in physical units
  Array<float, 3> previous;  ///< of the month before; empty where it is not asked for or not there
};

/// Reads coarse fields on the store's coarse grid, adjusted where that is asked for. A driver is
/// the number of a member of the files, 0 where one source drives all (see
/// ReconstructOptions::driver_of). `options`, `content` and the reader outlive it.
class CoarseInput {
 public:
  /// Whether months are made from the coarse field of the month before, too.
  enum class Previous { not_seen, seen };
  /// Opens reconstruct/coarse_files where there are any. InputError where they do not fit.
  CoarseInput(const Options& options, const StoreContent& content,
              Previous previous = Previous::not_seen, std::optional<Adjustment> adjustment = {});

  /// Whether the files, or the store where there are none, hold a month.
  [[nodiscard]] bool has(Month month, int driver);
  /// InputError where a month has no coarse field of one of these drivers.
  void require(const std::vector<Month>& months, const std::set<int>& drivers);
  /// Reads the fields of a month, from `store` where there are no files. InputError where the month
  /// is not there.
  [[nodiscard]] CoarseMonth read(const StoreReader& store, Month month, int driver);
  /// Those of the months whose month before is wanted and not there.
  [[nodiscard]] std::vector<Month> without_previous(const std::vector<Month>& months);

 private:
  [[nodiscard]] int first_driver() const { return source_ ? source_->first() : 0; }
  [[nodiscard]] Array<float, 3> field(const StoreReader& store, Month month, int driver);

  const StoreContent& content_;
  Previous previous_;
  std::optional<Adjustment> adjustment_;
  std::optional<DrivingSource> source_;
};

/// The drivers of these members.
std::set<int> drivers_of(const Options& options, const std::vector<int>& members);

}  // namespace hindscale
