// SPDX-License-Identifier: Apache-2.0
// Stored values of a variable turned into physical ones.
#pragma once

#include <span>
#include <vector>

#include "hindscale/time/units.hpp"
#include "netcdf_file.hpp"

namespace hindscale {

/// What a variable's attributes say on packing and missing values: `_FillValue`, `missing_value`,
/// `scale_factor`, `add_offset`, `_Unsigned`. Valid ranges are not applied: files state them in
/// mixed units.
class Unpacking {
 public:
  Unpacking(const NetcdfFile& file, int variable);

  /// NaN where missing: fill and missing values, the default fill of the type where no other is
  /// given, NaN, 1e20, and whatever exceeds 1e30 in a floating variable. Else `units(stored *
  /// scale_factor + add_offset)`.
  [[nodiscard]] float value(double stored, const LinearMap& units) const;

 private:
  [[nodiscard]] bool is_missing(double stored) const;
  std::vector<double> missing_;
  double scale_ = 1;
  double offset_ = 0;
  double unsigned_range_ = 0;  // 2^bits where negative values stand for large ones, else 0
  bool floating_ = false;
  bool single_ = false;
};

}  // namespace hindscale
