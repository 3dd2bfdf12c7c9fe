// SPDX-License-Identifier: Apache-2.0
// Tolerant reading of NetCDF sources: whatever reanalyses look like, fields come out in canonical
// form.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

/// What to look for. `name` may be empty: the variable is then found by standard_name or well-known
/// names of `variable`.
struct SourceRequest {
  std::vector<std::string> files;  ///< paths or patterns (glob), in any order
  std::string name;      ///< name in the file; case does not matter where no exact match exists
  std::string variable;  ///< CMIP name: uas, vas, tas, ps, pr, orog, sftlf, or any other
  std::string units;     ///< units to deliver (udunits), e.g. "m s-1"; empty: as in the file
};

/// A variable over time, spread over any number of files, or one without time (then `months` is
/// empty and `read` takes 0; `orog` and `sftlf` count as such where their file has one time). Files
/// that do not hold it are passed over where others do: each may hold one variable; so are those
/// that have it by its standard_name alone where others have a name of it. Owns one open file, the
/// one read last, and reads one field at a time.
///
/// Copes with classic, CDF-5 and NetCDF-4; packing; either latitude order; any longitude start,
/// repeated columns; size-1 dimensions; expver dimensions; valid_time and YYYYMMDD axes; standard,
/// noleap, 360_day, julian calendars; stamps anywhere in the month (see decode_months); fill values
/// of every kind, valid ranges. Bounds of latitude and longitude are not used. Units go through
/// udunits. Two variables may cross dimensions: `pr` in "m" counts as metres a day (monthly means
/// of ERA5-Land) and depths of water are taken at 1000 kg m-3; `orog` as geopotential is divided
/// by 9.80665 m s-2.
///
/// InputError names file and reason: truncated classic files (by size), ZIP, GRIB, HTML, gzip or
/// empty files under an .nc name, missing variable (with the names there are), unknown units,
/// non-monotonic axis, overlapping or missing months, grids that differ between files. SystemError
/// where the system fails to read.
class Source {
 public:
  explicit Source(const SourceRequest& request);
  ~Source();
  Source(Source&&) noexcept;

  /// Columns go east from the file's own first longitude.
  [[nodiscard]] const Grid& grid() const;
  /// The units delivered: the requested ones, or the file's where none were requested.
  [[nodiscard]] const std::string& units() const;
  /// The files read, in order of time.
  [[nodiscard]] const std::vector<std::string>& files() const;
  /// The file that holds a month, which has to be among them.
  [[nodiscard]] std::string file_of(Month month) const;
  /// Consecutive months, in order.
  [[nodiscard]] const std::vector<Month>& months() const;
  /// Field `i_month` [y, x], south to north and west to east, in the requested units, NaN where
  /// missing.
  void read(std::size_t i_month, View<float, 2> field) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What to do about a NetCDF file in which a field is looked for in vain: `otherwise`, and before
/// it, where the file has groups, how fields come out of them.
std::string advice_on_groups(const std::filesystem::path& path, const std::string& otherwise);

}  // namespace hindscale
