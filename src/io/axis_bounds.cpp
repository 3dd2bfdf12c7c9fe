// SPDX-License-Identifier: Apache-2.0
#include "axis_bounds.hpp"

#include <fmt/format.h>

#include <cmath>

#include "hindscale/core/error.hpp"
#include "text.hpp"

namespace hindscale {

BoundPairs read_bound_pairs(const NetcdfFile& file, const std::string& name, std::size_t n) {
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
  BoundPairs pairs;
  for (std::size_t i = 0; i < n; ++i) {
    const auto pair = is(n, 2) ? std::array{values[2 * i], values[2 * i + 1]}
                               : std::array{values[i], values[n + i]};
    constexpr double never_written = 1e30;
    if (!(std::abs(pair[0] - pair[1]) > 0 && std::abs(pair[0] + pair[1]) < never_written))
      return {{}, fmt::format("those of stamp {} are no span", i + 1)};
    pairs.values.push_back(pair);
  }
  return pairs;
}

void require_centred(const NetcdfFile& file, int coordinate) {
  const std::string name = trimmed(file.text(coordinate, "bounds"));
  const std::vector<double> points = file.values(coordinate);
  if (name.empty()) return;
  const BoundPairs pairs = read_bound_pairs(file, name, points.size());
  if (!pairs.fault.empty()) return;
  constexpr double most_cells = 0.25;  // Gaussian latitudes are off by less
  for (std::size_t i = 1; i + 1 < points.size(); ++i) {
    const auto [first, second] = pairs.values[i];
    const double width = std::abs(second - first), off = points[i] - (first + second) / 2;
    const double turns = 360 * std::round(off / 360);
    if (width > 180 || std::abs(off - turns) <= most_cells * width) continue;
    throw InputError({.problem = "coordinates are not in the middle of their cells",
                      .value = fmt::format("{:g}", points[i]),
                      .why = fmt::format("{} has {:g} to {:g}", name, first, second),
                      .advice = "set them to the centres of the cells, for instance with ncap2",
                      .file = file.path().string(),
                      .key = file.name_of(coordinate)});
  }
}

}  // namespace hindscale
