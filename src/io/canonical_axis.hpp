// SPDX-License-Identifier: Apache-2.0
// Latitudes and longitudes of files, ordered and cleaned.
#pragma once

#include <cstddef>
#include <vector>

namespace hindscale {

/// Strictly increasing points and the place of each along the file's dimension.
struct CanonicalAxis {
  std::vector<double> points;
  std::vector<std::size_t> places;
};

/// Either order in the file. InputError (without file) where the values do not go strictly one way.
CanonicalAxis canonical_latitude(const std::vector<double>& values);

/// From the file's first (western) longitude eastward, unwrapped past 180 or 360; columns that
/// repeat others 360 degrees on are left out. InputError (without file) where the unwrapped values
/// do not go strictly one way.
CanonicalAxis canonical_longitude(const std::vector<double>& values);

/// Points of equal steps, rounded to such, where all lie within 1e-3 of a step of them: single
/// precision and accumulated steps leave 0.1 degree grids uneven. The step is a whole part of 360
/// degrees or of 10000 steps a degree; the first point a multiple of half a step where it is near
/// one. Other points come back as they are.
std::vector<double> regular_if_near(std::vector<double> points);

}  // namespace hindscale
