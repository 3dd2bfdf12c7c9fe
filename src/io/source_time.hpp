// SPDX-License-Identifier: Apache-2.0
// The months of a file's time coordinate.
#pragma once

#include <vector>

#include "hindscale/time/month.hpp"
#include "hindscale/time/units.hpp"
#include "netcdf_file.hpp"

namespace hindscale {

/// Months of the time coordinate `coordinate`, with its bounds where the file has them. InputError
/// (without file).
std::vector<Month> read_months(const NetcdfFile& file, int coordinate, const UnitSystem& system);

}  // namespace hindscale
