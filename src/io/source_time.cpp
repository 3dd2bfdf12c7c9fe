// SPDX-License-Identifier: Apache-2.0
// Reading of time coordinates and their bounds.
#include "source_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

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

/// Pairs of values, or why there are none.
struct Pairs {
  std::vector<std::array<double, 2>> values{};
  std::string fault{};
};

/// Dimensions of length 1 do not count; the pair may come first.
Pairs read_pairs(const NetcdfFile& file, const std::string& name, std::size_t n) {
  const auto variable = file.find(name);
  if (!variable) return {{}, "the file lacks them"};
  std::vector<std::size_t> lengths;
  for (const NetcdfDimension& dimension : file.dimensions_of(*variable))
    if (dimension.length != 1) lengths.push_back(dimension.length);
  const auto is = [&](std::size_t first, std::size_t second) {
    std::vector<std::size_t> wanted{first, second};
    std::erase(wanted, std::size_t{1});
    return lengths == wanted;
  };
  if ((!is(n, 2) && !is(2, n)) || file.kind_of(*variable) == NumberKind::other)
    return {{}, "they are no pairs of numbers, one for each stamp"};
  const std::vector<double> values = file.values(*variable);
  Pairs pairs;
  for (std::size_t i = 0; i < n; ++i) {
    const auto pair = is(n, 2) ? std::array{values[2 * i], values[2 * i + 1]}
                               : std::array{values[i], values[n + i]};
    constexpr double never_written = 1e30;
    if (!(std::abs(pair[0] - pair[1]) > 0 && std::abs(pair[0] + pair[1]) < never_written))
      return {{}, fmt::format("those of stamp {} are no span of time", i + 1)};
    pairs.values.push_back(pair);
  }
  return pairs;
}

// CF wants the units of the coordinate, and lets a file leave them out.
void read_bounds(const NetcdfFile& file, int coordinate, TimeStamps& stamps) {
  const std::string name = trimmed(file.text(coordinate, "bounds"));
  if (name.empty()) return;
  Pairs pairs = read_pairs(file, name, stamps.values.size());
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
