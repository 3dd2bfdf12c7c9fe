// SPDX-License-Identifier: Apache-2.0
// Small worlds that the tests of this module share.
#pragma once

#include <cmath>
#include <span>

#include "hindscale/world/domain.hpp"

namespace hindscale::world::test {

/// 10 x 10 fine cells of half a degree in each of 3 x 4 coarse ones: Sichuan and its mountains.
inline WorldOptions sichuan() {
  WorldOptions options;
  options.west = 95;
  options.east = 115;
  options.south = 20;
  options.north = 35;
  return options;
}

inline WorldOptions box(double west, double east, double south, double north) {
  WorldOptions options;
  options.west = west;
  options.east = east;
  options.south = south;
  options.north = north;
  return options;
}

/// Sums for the correlation of two series of mean zero.
struct Moments {
  double aa = 0, bb = 0, ab = 0;
  double n = 0;
  void add(double a, double b) {
    aa += a * a;
    bb += b * b;
    ab += a * b;
    n += 1;
  }
  [[nodiscard]] double correlation() const { return ab / std::sqrt(aa * bb); }
  [[nodiscard]] double variance() const { return aa / n; }
};

}  // namespace hindscale::world::test
