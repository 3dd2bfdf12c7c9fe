// SPDX-License-Identifier: Apache-2.0
// CF files of one variable: written month by month by one rank, committed when complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

enum class FileFormat { cdf5, netcdf4 };

/// Everything that determines the bytes of a file but the values.
struct FieldFileSpec {
  std::filesystem::path path;
  FileFormat format = FileFormat::cdf5;
  int deflate_level = 1;  ///< netcdf4 only; 0 stores plain
  int keep_bits =
      0;  ///< netcdf4 only: BitRound to so many mantissa bits, with CF metadata; 0 keeps all
  std::string name;  ///< CMIP name, e.g. "uas"
  std::string standard_name;
  std::string long_name;
  std::string units;
  std::string cell_methods;        ///< e.g. "time: mean"
  std::optional<double> height_m;  ///< scalar coordinate `height`
  std::optional<int> realization;  ///< scalar coordinate `realization`
  std::vector<double> quantiles;   ///< with more than zero entries the variable has a dimension
                                   ///< `quantile` after time
  const Grid* grid = nullptr;
  std::vector<Month> months;
  std::vector<std::pair<std::string, std::string>>
      global_attributes;  ///< in this order; Conventions is added (CF-1.12)
};

struct FileRecord {
  std::string name;  ///< file name
  std::uint64_t bytes = 0;
  std::string sha256;
};

/// Opens "<path>.part", takes one record [y, x] ([quantile, y, x]) a month in order, and commits.
/// NaN is written as _FillValue. Owned and used by one rank (communicator of one). SystemError with
/// path and reason on any failed call; a writer destroyed before `commit` leaves only the part.
/// After a failed write of NetCDF-4 the program must end by `abort_job`: HDF5 crashes in
/// MPI_Finalize over a file that it could not flush.
class FieldFile {
 public:
  FieldFile(const Communicator& self, const FieldFileSpec& spec);
  ~FieldFile();
  FieldFile(FieldFile&&) noexcept;
  /// `record` holds one month: ny * nx values (times the number of quantiles).
  void write(std::size_t i_month, std::span<const float> record);
  /// Writes the sentinel, closes, verifies by re-reading (size, sentinel, every record readable),
  /// renames; returns its entry.
  FileRecord commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads files that FieldFile wrote. InputError where the file is not complete.
class FieldReader {
 public:
  explicit FieldReader(const std::filesystem::path& path);
  ~FieldReader();
  FieldReader(FieldReader&&) noexcept;
  [[nodiscard]] const std::vector<Month>& months() const;
  [[nodiscard]] const std::string& variable() const;
  /// Value of a global attribute; empty where there is none.
  [[nodiscard]] std::string attribute(const std::string& name) const;
  /// The member's number; none where the file is not of one member.
  [[nodiscard]] std::optional<int> realization() const;
  /// Levels of the dimension `quantile`; none where there is no such dimension.
  [[nodiscard]] std::vector<double> quantiles() const;
  /// The grid as the file's coordinates and bounds describe it.
  [[nodiscard]] const Grid& grid() const;
  /// Rows [first_row, first_row + n) of a month: field [n, x], NaN where missing. `i_quantile`
  /// counts in the file's own axis and is ignored where there is none.
  void read(std::size_t i_month, std::size_t first_row, View<float, 2> rows,
            std::size_t i_quantile = 0) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hindscale
