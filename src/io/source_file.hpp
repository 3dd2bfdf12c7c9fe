// SPDX-License-Identifier: Apache-2.0
// One file of a source: its layout, its months, and fields read from it.
#pragma once

#include <filesystem>
#include <vector>

#include "canonical_axis.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/io/source.hpp"
#include "hindscale/time/month.hpp"
#include "hindscale/time/units.hpp"
#include "netcdf_file.hpp"
#include "source_variable.hpp"
#include "unpacking.hpp"

namespace hindscale {

/// Owns an open file and all that is needed to read fields of one variable from it.
class SourceFile {
 public:
  /// `variable`: of `file`, see find_by_names. InputError naming file and reason for
  /// everything that keeps its fields from being read.
  SourceFile(NetcdfFile file, int variable, const SourceRequest& request, const UnitSystem& system);

  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }
  [[nodiscard]] const Grid& grid() const { return grid_; }
  /// Of the variable, as the file has it.
  [[nodiscard]] std::string name() const { return file_.name_of(variable_); }
  /// As the file has them.
  [[nodiscard]] std::string units() const { return file_.text(variable_, "units"); }
  /// Strictly increasing; empty for a field without time.
  [[nodiscard]] const std::vector<Month>& months() const { return months_; }
  /// The field at `i_time` along the file's time axis, in canonical order and the requested units.
  void read(std::size_t i_time, View<float, 2> field);

 private:
  void read_slice(std::size_t i_time, std::size_t i_expver);
  NetcdfFile file_;
  int variable_;
  FieldDimensions dimensions_;
  Unpacking unpacking_;
  LinearMap units_;
  CanonicalAxis rows_;
  CanonicalAxis columns_;
  Grid grid_;
  std::vector<Month> months_;
  std::vector<double> stored_;
};

}  // namespace hindscale
