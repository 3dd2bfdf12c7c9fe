// SPDX-License-Identifier: Apache-2.0
// Files in the form that reanalyses are given out in: their names, packing, order and time axes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

/// Attributes of text, in order.
using TextAttributes = std::vector<std::pair<std::string, std::string>>;

struct GivenVariable {
  std::string name;
  TextAttributes attributes;
  double scale_factor = 0;  ///< above 0: packed into int16 with it; 0: float32
  double add_offset = 0;
};

/// How centres of forecast data name and order things.
enum class GivenStyle {
  ecmwf,  ///< longitude, latitude from north to south, int hours since 1900, missing -32767 or NaN
  psl     ///< lon, lat from south to north, double hours since 1800, missing -9.96921e36
};

struct GivenFileSpec {
  std::filesystem::path path;
  GivenStyle style = GivenStyle::ecmwf;
  const Grid* grid = nullptr;
  std::vector<GivenVariable> variables;
  std::vector<Month> months{};  ///< stamped with their first instant; none: fields without time
  TextAttributes attributes{};  ///< global ones
};

/// Writes "<path>.part" in the classic format with 64-bit offsets, longitudes within 0..360, and
/// commits it once it has been read back. Equal content means equal bytes. One rank owns and uses
/// it. SystemError with path and reason where the system fails; a writer destroyed before `commit`
/// leaves only the part.
class GivenFile {
 public:
  explicit GivenFile(const GivenFileSpec& spec);
  ~GivenFile();
  GivenFile(GivenFile&&) noexcept;
  /// One field [y, x], south to north and west to east, NaN where missing. InputError for a value
  /// that the packing of its variable cannot hold.
  void write(std::size_t i_month, std::size_t i_variable, View<const float, 2> field);
  /// Once, when every variable of every month is written.
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A global attribute of a NetCDF file; empty where there is none. InputError where the file is
/// not whole.
std::string global_attribute(const std::filesystem::path& path, const std::string& name);

}  // namespace hindscale
