// SPDX-License-Identifier: Apache-2.0
// Ordering, unwrapping and cleaning of coordinates.
#include "canonical_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

constexpr double full_circle = 360;
constexpr double tolerance_steps = 1e-3;

void require_finite(const std::vector<double>& values, const char* axis) {
  constexpr double largest = 1e4;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) < largest) continue;
    throw InputError({.problem = fmt::format("missing value on the {} axis", axis),
                      .value = fmt::format("{:g}", values[i]),
                      .why = fmt::format("position {}", i)});
  }
}

void require_increasing(const std::vector<double>& points, const char* axis) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (points[i] > points[i - 1]) continue;
    throw InputError({.problem = fmt::format("the {} axis is not monotonic", axis),
                      .why = fmt::format("{:g} and {:g} are neighbours at position {}",
                                         points[i - 1], points[i], i)});
  }
}

CanonicalAxis in_order(const std::vector<double>& values) {
  CanonicalAxis axis{.points = values, .places = std::vector<std::size_t>(values.size())};
  std::iota(axis.places.begin(), axis.places.end(), std::size_t{0});
  return axis;
}

void reverse(CanonicalAxis& axis) {
  std::ranges::reverse(axis.points);
  std::ranges::reverse(axis.places);
}

// A step back of more than half the circle is a step ahead over the seam.
bool goes_west(const std::vector<double>& values) {
  int west = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double step = values[i] - values[i - 1];
    const bool over_seam = std::abs(step) > full_circle / 2;
    west += (step < 0) != over_seam ? 1 : -1;
  }
  return west > 0;
}

void unwrap(std::vector<double>& points) {
  for (std::size_t i = 1; i < points.size(); ++i) {
    while (points[i] < points[i - 1] - full_circle / 2) points[i] += full_circle;
  }
}

void drop_repeated(CanonicalAxis& axis) {
  if (axis.points.size() < 2) return;
  const double step =
      (axis.points.back() - axis.points.front()) / static_cast<double>(axis.points.size() - 1);
  const double end = axis.points.front() + full_circle - 10 * tolerance_steps * step;
  while (axis.points.back() >= end) {
    axis.points.pop_back();
    axis.places.pop_back();
  }
}

std::optional<double> nearest_if_within(double value, double candidate, double tolerance) {
  if (std::abs(value - candidate) <= tolerance) return candidate;
  return std::nullopt;
}

// A circle of equal columns whose last coordinate was rounded before the others were spread over
// the length (etopo5.cdf): the columns would overlap by a part of one.
void close_circle(std::vector<double>& points) {
  constexpr double rounding_steps = 0.1;
  const auto n = static_cast<double>(points.size());
  if (points.size() < 3) return;
  const double step = (points.back() - points.front()) / (n - 1);
  if (std::abs(n * step - full_circle) > rounding_steps * step) return;
  for (std::size_t i = 1; i < points.size(); ++i)
    if (std::abs(points[i] - points[i - 1] - step) > tolerance_steps * step) return;
  for (std::size_t i = 0; i < points.size(); ++i)
    points[i] = points.front() + full_circle * static_cast<double>(i) / n;
}

double round_step(double step) {
  constexpr double parts_a_degree = 1e4;
  const double of_circle = full_circle / std::round(full_circle / step);
  const double decimal = std::round(step * parts_a_degree) / parts_a_degree;
  return std::abs(step - of_circle) <= std::abs(step - decimal) ? of_circle : decimal;
}

}  // namespace

std::vector<double> regular_if_near(std::vector<double> points) {
  if (points.size() < 3) return points;
  const double mean_step =
      (points.back() - points.front()) / static_cast<double>(points.size() - 1);
  const double step = round_step(mean_step);
  const double tolerance = tolerance_steps * step;
  if (!(step > 0)) return points;
  const double half_steps = std::round(2 * points.front() / step) * (step / 2);
  const double first =
      nearest_if_within(points.front(), half_steps, tolerance).value_or(points.front());
  std::vector<double> regular(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    regular[i] = first + step * static_cast<double>(i);
    if (std::abs(regular[i] - points[i]) > tolerance) return points;
  }
  return regular;
}

CanonicalAxis canonical_latitude(const std::vector<double>& values) {
  require_finite(values, "latitude");
  CanonicalAxis axis = in_order(values);
  if (!values.empty() && values.back() < values.front()) reverse(axis);
  require_increasing(axis.points, "latitude");
  axis.points = regular_if_near(std::move(axis.points));
  return axis;
}

CanonicalAxis canonical_longitude(const std::vector<double>& values) {
  require_finite(values, "longitude");
  CanonicalAxis axis = in_order(values);
  if (goes_west(values)) reverse(axis);
  unwrap(axis.points);
  require_increasing(axis.points, "longitude");
  drop_repeated(axis);
  close_circle(axis.points);
  axis.points = regular_if_near(std::move(axis.points));
  return axis;
}

}  // namespace hindscale
