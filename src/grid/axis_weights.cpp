// SPDX-License-Identifier: Apache-2.0
// Weights of one axis: overlaps of intervals, and linear interpolation between centres.
#include "axis_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numbers>

namespace hindscale::detail {
namespace {

using Entries = std::vector<AxisWeights::Entry>;
constexpr double full_circle = 360.0;
/// Shares below this are rounding of edges that should coincide; a missing neighbour must not count
/// as a cell's source.
constexpr double negligible_share = 1e-8;
/// Coordinates in single precision leave gaps of this size between domains that share an edge.
constexpr double uncovered_tolerance = 1e-3;

double overlap(double first_a, double last_a, double first_b, double last_b) {
  return std::min(last_a, last_b) - std::max(first_a, first_b);
}

bool is_covered(double share) {
  return share >= 1 - uncovered_tolerance;
}

[[noreturn]] void refuse(const Axis& source, const Axis& target, std::size_t i, const char* axis) {
  throw InputError(
      {.problem = fmt::format("the source grid does not cover the target cell of {}", axis),
       .value = fmt::format("{:g}..{:g}", target.edge[i], target.edge[i + 1]),
       .why = fmt::format("the source spans {:g}..{:g} degrees", source.edge.front(),
                          source.edge.back()),
       .advice = "choose target cells within the source domain"});
}

void normalise(Entries& entries) {
  double sum = 0;
  for (const auto& entry : entries) sum += entry.weight;
  for (auto& entry : entries) entry.weight /= sum;
}

std::vector<double> sines_of(const std::vector<double>& degrees) {
  std::vector<double> sines;
  for (const double value : degrees) sines.push_back(std::sin(value * std::numbers::pi / 180.0));
  return sines;
}

/// The overlap of a source column with a target column however many times 360 degrees they are
/// apart.
double circular_overlap(const Axis& source, std::size_t i_source, const Axis& target,
                        std::size_t i_target) {
  const double first = source.edge[i_source];
  const double last = source.edge[i_source + 1];
  const double from = target.edge[i_target];
  const double to = target.edge[i_target + 1];
  double shift = full_circle * std::ceil((first - to) / full_circle);
  double sum = 0;
  for (; from + shift < last; shift += full_circle) {
    sum += std::max(0.0, overlap(first, last, from + shift, to + shift));
  }
  return sum;
}

/// The two centres around `point`, which lies between the outermost ones.
Entries between(const std::vector<double>& centres, double point) {
  const auto above = std::upper_bound(centres.begin(), centres.end(), point);
  const auto i = static_cast<std::size_t>(above - centres.begin());
  if (i == 0) return {{0, 1.0}};
  if (i == centres.size() || centres[i - 1] == point) return {{i - 1, 1.0}};
  const double share = (point - centres[i - 1]) / (centres[i] - centres[i - 1]);
  return {{i - 1, 1 - share}, {i, share}};
}

Entries between_columns(const Axis& source, double point, bool periodic) {
  const std::vector<double>& centres = source.centre;
  const double middle = 0.5 * (source.edge.front() + source.edge.back());
  point -= full_circle * std::round((point - middle) / full_circle);
  if (!periodic || (point >= centres.front() && point <= centres.back())) {
    return between(centres, point);
  }
  // Between the last column and the first one a circle further east.
  if (point < centres.front()) point += full_circle;
  const double gap = centres.front() + full_circle - centres.back();
  const double share = (point - centres.back()) / gap;
  if (centres.size() == 1) return {{0, 1.0}};
  return {{0, share}, {centres.size() - 1, 1 - share}};
}

}  // namespace

AxisWeights conservative_latitude(const Axis& source, const Axis& target, Uncovered uncovered) {
  const std::vector<double> sources = sines_of(source.edge);
  const std::vector<double> targets = sines_of(target.edge);
  AxisWeights weights;
  for (std::size_t j = 0; j < target.size(); ++j) {
    Entries entries;
    double covered = 0;
    const double height = targets[j + 1] - targets[j];
    for (std::size_t i = 0; i < source.size(); ++i) {
      const double share = overlap(sources[i], sources[i + 1], targets[j], targets[j + 1]) / height;
      if (share > negligible_share) entries.push_back({i, share});
      covered += std::max(0.0, share);
    }
    if (!is_covered(covered)) {
      if (uncovered == Uncovered::refused) refuse(source, target, j, "latitude");
      entries.clear();
    }
    normalise(entries);
    weights.rows.push_back(std::move(entries));
  }
  return weights;
}

AxisWeights conservative_longitude(const Axis& source, const Axis& target, Uncovered uncovered) {
  AxisWeights weights;
  for (std::size_t j = 0; j < target.size(); ++j) {
    Entries entries;
    double covered = 0;
    const double width = target.edge[j + 1] - target.edge[j];
    for (std::size_t i = 0; i < source.size(); ++i) {
      const double share = circular_overlap(source, i, target, j) / width;
      if (share > negligible_share) entries.push_back({i, share});
      covered += share;
    }
    if (!is_covered(covered)) {
      if (uncovered == Uncovered::refused) refuse(source, target, j, "longitude");
      entries.clear();
    }
    normalise(entries);
    weights.rows.push_back(std::move(entries));
  }
  return weights;
}

AxisWeights linear_latitude(const Axis& source, const Axis& target) {
  AxisWeights weights;
  for (const double point : target.centre) weights.rows.push_back(between(source.centre, point));
  return weights;
}

AxisWeights linear_longitude(const Axis& source, const Axis& target, bool periodic) {
  AxisWeights weights;
  for (const double point : target.centre) {
    weights.rows.push_back(between_columns(source, point, periodic));
  }
  return weights;
}

}  // namespace hindscale::detail
