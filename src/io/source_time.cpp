// SPDX-License-Identifier: Apache-2.0
// Reading of time coordinates and their bounds.
#include "source_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "axis_bounds.hpp"
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

/// Whether each stamp lies in its bounds, ends included, in the same units.
bool belong_to(const NetcdfFile& file, const std::string& name, const TimeStamps& stamps) {
  const BoundPairs pairs = read_bound_pairs(file, name, stamps.values.size());
  if (!pairs.fault.empty()) return false;
  const std::string units = trimmed(file.text(*file.find(name), "units"));
  if (!units.empty() && units != stamps.units) return false;
  for (std::size_t i = 0; i < stamps.values.size(); ++i) {
    const auto [least, most] = std::minmax(pairs.values[i][0], pairs.values[i][1]);
    if (stamps.values[i] < least || stamps.values[i] > most) return false;
  }
  return true;
}

/// Bounds by their usual names, where the attribute that names them was lost; empty where there are
/// none, or left over from other stamps.
std::string undeclared_bounds(const NetcdfFile& file, int coordinate, const TimeStamps& stamps) {
  const std::string axis = file.name_of(coordinate);
  for (const char* ending : {"_bnds", "_bounds", "_bnd"})
    if (belong_to(file, axis + ending, stamps)) return axis + ending;
  return "";
}

// CF wants the units of the coordinate, and lets a file leave them out.
void read_bounds(const NetcdfFile& file, int coordinate, TimeStamps& stamps) {
  const std::string declared = trimmed(file.text(coordinate, "bounds"));
  const std::string name =
      declared.empty() ? undeclared_bounds(file, coordinate, stamps) : declared;
  if (name.empty()) return;
  BoundPairs pairs = read_bound_pairs(file, name, stamps.values.size());
  stamps.bounds = std::move(pairs.values);
  if (!pairs.fault.empty()) {
    stamps.bounds_fault = fmt::format("its bounds are '{}': {}", name, pairs.fault);
    return;
  }
  const std::string units = trimmed(file.text(*file.find(name), "units"));
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
