// SPDX-License-Identifier: Apache-2.0
// Which variable of a file is meant, and what its dimensions are.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "hindscale/io/source.hpp"
#include "netcdf_file.hpp"

namespace hindscale {

/// The variable by `request.name` (case does not matter where no exact match exists), else by
/// `request.variable` and its well-known names.
std::optional<int> find_by_names(const NetcdfFile& file, const SourceRequest& request);

/// The variable by its standard_name alone, which maxima and other levels share: only where no file
/// of a source has a name. Nothing with a `request.name`; InputError where several could be meant.
std::optional<int> find_by_standard_name(const NetcdfFile& file, const SourceRequest& request);

/// InputError naming the variables there are in `file`, the first of `n_files`.
[[noreturn]] void refuse_missing_variable(const NetcdfFile& file, const SourceRequest& request,
                                          std::size_t n_files);

/// Places of the axes among the dimensions of a variable, and the variables that hold their
/// coordinates.
struct FieldDimensions {
  struct Place {
    std::size_t position = 0;
    int coordinate = 0;
    std::size_t length = 0;
  };
  Place latitude;
  Place longitude;
  std::optional<Place> time;
  std::optional<Place> expver;  ///< `coordinate` is not used
  std::size_t rank = 0;
};

/// Axes by standard_name, units and axis attribute of their coordinates, else by name. InputError
/// where latitude or longitude is not found, or another dimension is longer than 1.
FieldDimensions find_dimensions(const NetcdfFile& file, int variable);

}  // namespace hindscale
