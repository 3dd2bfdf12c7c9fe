// SPDX-License-Identifier: Apache-2.0
// Stored values of a variable turned into physical ones.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "hindscale/time/units.hpp"
#include "netcdf_file.hpp"

namespace hindscale {

/// What a variable's attributes say on packing and missing values: `_FillValue`, `missing_value`,
/// `scale_factor`, `add_offset`, `_Unsigned`, and the valid range (`valid_range`, `valid_min`,
/// `valid_max`): of stored values where it has the type of the variable, of unpacked ones where it
/// is floating and the variable packed into integers; of another type it is not applied.
class Unpacking {
 public:
  Unpacking(const NetcdfFile& file, int variable);

  /// NaN where missing: fill and missing values, the default fill of the type where no other is
  /// given, NaN, 1e20, what exceeds 1e30 in a floating variable or lies outside the valid range.
  /// Else `units(stored *
  /// scale_factor + add_offset)`.
  [[nodiscard]] float value(double stored, const LinearMap& units) const;

 private:
  [[nodiscard]] bool is_missing(double stored) const;
  void read_limits(const NetcdfFile& file, int variable);
  std::vector<double> missing_;
  double scale_ = 1;
  double offset_ = 0;
  double unsigned_range_ = 0;  // 2^bits where negative values stand for large ones, else 0
  // The valid range, of stored values and of unpacked ones; the latter wide enough for rounding.
  double low_ = -std::numeric_limits<double>::infinity(), unpacked_low_ = low_;
  double high_ = std::numeric_limits<double>::infinity(), unpacked_high_ = high_;
  bool floating_ = false;
  bool single_ = false;
};

}  // namespace hindscale
