// SPDX-License-Identifier: Apache-2.0
// Reading of time coordinates and their bounds.
#include "source_time.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/time/axis.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

// An axis "date" of plain integers has no units: 19790101 or 197901.
std::string units_by_value(const std::string& units, const std::vector<double>& values) {
  if (!units.empty() && units != "1") return units;
  const auto all_within = [&](double low, double high) {
    return std::ranges::all_of(values, [=](double value) { return value >= low && value <= high; });
  };
  if (all_within(10000101, 99991231)) return "day as %Y%m%d";
  if (all_within(100001, 999912)) return "month as %Y%m";
  return units;
}

// CF wants the units of the coordinate, and lets a file leave them out.
void read_bounds(const NetcdfFile& file, int coordinate, TimeStamps& stamps) {
  const std::size_t n = stamps.values.size();
  const std::string name = file.text(coordinate, "bounds");
  const auto variable = name.empty() ? std::nullopt : file.find(name);
  if (!variable) return;
  const auto dimensions = file.dimensions_of(*variable);
  if (dimensions.size() != 2 || dimensions[0].length != n || dimensions[1].length != 2) return;
  const std::vector<double> values = file.values(*variable);
  for (std::size_t i = 0; i < n; ++i) stamps.bounds.push_back({values[2 * i], values[2 * i + 1]});
  const std::string units = trimmed(file.text(*variable, "units"));
  if (is_time_units(units)) stamps.bounds_units = units;
}

}  // namespace

std::vector<Month> read_months(const NetcdfFile& file, int coordinate, const UnitSystem& system) {
  TimeStamps stamps;
  stamps.values = file.values(coordinate);
  if (stamps.values.empty()) {
    throw InputError({.problem = "no time steps",
                      .why = "its time axis has length 0",
                      .advice = "its writer did not finish; make it again"});
  }
  stamps.units = units_by_value(trimmed(file.text(coordinate, "units")), stamps.values);
  stamps.calendar = trimmed(file.text(coordinate, "calendar"));
  read_bounds(file, coordinate, stamps);
  return decode_months(system, stamps);
}

}  // namespace hindscale
