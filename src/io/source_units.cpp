// SPDX-License-Identifier: Apache-2.0
// Conversion of the units of sources.
#include "source_units.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "hindscale/core/error.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

constexpr double water_density_kg_m3 = 1000;
constexpr double day_s = 86400;
constexpr double standard_gravity_m_s2 = 9.80665;

constexpr std::array<std::pair<const char*, const char*>, 15> spellings = {{
    {"", "1"},
    {"(0 - 1)", "1"},
    {"(0-1)", "1"},
    {"0 - 1", "1"},
    {"0-1", "1"},
    {"fraction", "1"},
    {"proportion", "1"},
    {"dimensionless", "1"},
    {"m of water equivalent", "m"},
    {"m of water", "m"},
    {"deg c", "degC"},
    {"degrees c", "degC"},
    {"deg k", "K"},
    {"mb", "mbar"},
    {"millibars", "mbar"},
}};

// The text itself, then what it stands for, then small letters: "M/S" is no unit, but "m/s" is.
std::vector<std::string> readings_of(const std::string& units) {
  const std::string lower = lower_case(trimmed(units));
  std::vector<std::string> readings;
  for (const auto& [spelling, meaning] : spellings) {
    if (lower == spelling) readings.emplace_back(meaning);
  }
  if (!readings.empty()) return readings;
  return {units, lower};
}

std::optional<LinearMap> scaled(std::optional<LinearMap> map, double factor) {
  if (map) *map = {.scale = map->scale * factor, .offset = map->offset * factor};
  return map;
}

std::optional<LinearMap> crossing(const UnitSystem& system, const std::string& variable,
                                  const std::string& from, const std::string& to) {
  if (variable == "pr") {
    const auto flux = system.conversion("kg m-2 s-1", to);
    if (!flux) return std::nullopt;
    const auto depth_rate =
        from == "m" ? LinearMap{.scale = 1 / day_s} : system.conversion(from, "m s-1");
    return scaled(depth_rate, water_density_kg_m3 * flux->scale);
  }
  if (variable == "orog") {
    const auto height = system.conversion("m", to);
    if (!height) return std::nullopt;
    return scaled(system.conversion(from, "m2 s-2"), height->scale / standard_gravity_m_s2);
  }
  return std::nullopt;
}

}  // namespace

LinearMap unit_conversion(const UnitSystem& system, const std::string& variable,
                          const std::string& from, const std::string& to) {
  if (to.empty() || from == to) return {};
  if (lower_case(from).find("month") != std::string::npos)
    throw InputError({.problem = "units by the month, whose length differs",
                      .value = from,
                      .advice = "divide by the days of each month, for instance with cdo divdpm, "
                                "and give units by the day"});
  bool known = false;
  for (const std::string& reading : readings_of(from)) {
    if (const auto map = system.conversion(reading, to)) return *map;
    if (const auto map = crossing(system, variable, reading, to)) return *map;
    known = known || system.knows(reading);
  }
  throw InputError(
      {.problem = known ? "units that cannot be converted" : "unknown units",
       .value = from,
       .why = fmt::format("'{}' is asked for", to),
       .advice = "correct the attribute 'units' of the variable, for instance with ncatted"});
}

}  // namespace hindscale
