// SPDX-License-Identifier: Apache-2.0
// Small CF files and the programs that look at them, shared by the tests of FieldFile.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "hindscale/core/commit.hpp"
#include "hindscale/io/field_file.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {

namespace fs = std::filesystem;

inline constexpr std::size_t n_rows = 4;
inline constexpr std::size_t n_columns = 6;
inline constexpr std::size_t missing_cell = 9;

/// A regional grid, west of Greenwich, with cells of unequal height at the pole; no library of
/// grids is needed here.
inline Grid small_grid() {
  return {.latitude = {{70, 75, 80, 86.25}, {67.5, 72.5, 77.5, 82.5, 90}},
          .longitude = {{-5, 0, 5, 10, 15, 20}, {-7.5, -2.5, 2.5, 7.5, 12.5, 17.5, 22.5}},
          .periodic = false};
}

inline float value_at(std::size_t i_month, std::size_t i, int member) {
  if (i == missing_cell) return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>(i_month) * 100 + static_cast<float>(i) * 0.37F +
         10 * static_cast<float>(member);
}

inline std::vector<float> record(std::size_t i_month, int member, std::size_t n_quantiles = 1) {
  std::vector<float> values(n_quantiles * n_rows * n_columns);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_at(i_month, i, member);
  return values;
}

class FieldFileTest : public ::testing::TestWithParam<FileFormat> {
 protected:
  [[nodiscard]] FieldFileSpec spec_of(const std::string& name, int member) const {
    return {.path = folder.path() / name,
            .format = GetParam(),
            .name = "tas",
            .standard_name = "air_temperature",
            .long_name = "Near-Surface Air Temperature",
            .units = "K",
            .cell_methods = "time: mean",
            .height_m = 2.0,
            .realization = member,
            .quantiles = {},
            .grid = &grid,
            .months = {Month(1836, 1), Month(1836, 2), Month(1836, 3)},
            .global_attributes = {{"title", "A test"}, {"source", "hindscale"}}};
  }
  FileRecord write(const FieldFileSpec& spec, int member) const {
    FieldFile file(self, spec);
    const std::size_t n_quantiles = std::max<std::size_t>(1, spec.quantiles.size());
    for (std::size_t i = 0; i < spec.months.size(); ++i) {
      file.write(i, record(i, member, n_quantiles));
    }
    return file.commit();
  }
  /// Runs a shell command in the folder; its output.
  std::string output_of(const std::string& command) const {
    const fs::path out = folder.path() / "out";
    const std::string line = "cd " + folder.path().string() + " && ( " + command + " ) > out 2>&1";
    EXPECT_EQ(std::system(line.c_str()), 0) << command << "\n" << read_text(out);
    return read_text(out);
  }

  const Communicator self = Communicator::self();
  const TemporaryFolder folder{self};
  const Grid grid = small_grid();
};

inline bool installed(const std::string& program) {
  return std::system(("command -v " + program + " > /dev/null").c_str()) == 0;
}

inline std::string name_of_format(const ::testing::TestParamInfo<FileFormat>& parameter) {
  return parameter.param == FileFormat::cdf5 ? "cdf5" : "netcdf4";
}

}  // namespace hindscale::test
