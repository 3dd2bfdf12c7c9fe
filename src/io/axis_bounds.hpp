// SPDX-License-Identifier: Apache-2.0
// Bounds of the cells of an axis, as files declare them.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "netcdf_file.hpp"

namespace hindscale {

/// Pairs of values, or why there are none.
struct BoundPairs {
  std::vector<std::array<double, 2>> values{};
  std::string fault{};
};

/// Those of a variable, for an axis of `n` points. Dimensions of length 1 do not count; the pair
/// may come first.
BoundPairs read_bound_pairs(const NetcdfFile& file, const std::string& name, std::size_t n);

/// InputError where a horizontal axis has bounds, and its points lie far from the middle of their
/// cells: cells are built around the points. Cells at the ends, which may lie across a pole, are
/// not looked at, nor bounds that cannot be read.
void require_centred(const NetcdfFile& file, int coordinate);

}  // namespace hindscale
