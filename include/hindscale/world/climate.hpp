// SPDX-License-Identifier: Apache-2.0
// The invented climate: what season, latitude and height make of the air.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "hindscale/time/month.hpp"

namespace hindscale::world {

constexpr double degree = std::numbers::pi / 180;
constexpr double metres_per_degree = 111194.9;  ///< of a meridian, radius 6371 km
constexpr double day_s = 86400;

/// 1 in high summer, -1 in deep winter of the hemisphere, 0 at the equator. `latitude` in degrees.
inline double summer(double latitude, Month month) {
  const double phase = 2 * std::numbers::pi * (month.of_year() - 0.2) / 12;
  return -std::cos(phase) * std::tanh(latitude / 12);
}

/// Temperature over the open sea, K.
inline double sea_temperature_k(double latitude, double summer) {
  const double sine = std::sin(1.15 * latitude * degree);
  return 300.5 - 33 * sine * sine + 0.1 * std::abs(latitude) * summer;
}

/// The number of a month in the keys of random numbers.
inline std::uint64_t month_key(Month month) {
  constexpr int first_year = -100;  // months before the first one of a world count too
  return static_cast<std::uint64_t>(month - Month(first_year, 1));
}

constexpr double lapse_k_per_m = 0.006;  ///< of the column of air above a place

/// Surface pressure over sea-level pressure below `height_m`, where the air has `sea_level_k` at
/// sea level and that lapse rate (hydrostatic, ideal gas).
inline double pressure_ratio(double height_m, double sea_level_k) {
  constexpr double exponent = 9.80665 / (287.05 * lapse_k_per_m);
  return std::pow(1 - lapse_k_per_m * height_m / sea_level_k, exponent);
}

}  // namespace hindscale::world
