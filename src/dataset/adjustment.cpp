// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/adjustment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// A ratio of few values of dry places says little: Hempel et al. (2013,
/// doi 10.5194/esd-4-219-2013) limit it likewise.
constexpr float largest_ratio = 10;

float beyond_node(float from, float to, float value, Beyond beyond) {
  if (beyond == Beyond::difference) return value + (to - from);
  const float ratio = from > 0 ? to / from : (to > 0 ? largest_ratio : 1);
  return value * std::clamp(ratio, 1 / largest_ratio, largest_ratio);
}

}  // namespace

void find_nodes(std::span<float> values, std::span<float> nodes) {
  HINDSCALE_ASSERT(!values.empty() && !nodes.empty());
  if (std::any_of(values.begin(), values.end(), [](float value) { return std::isnan(value); })) {
    std::fill(nodes.begin(), nodes.end(), std::numeric_limits<float>::quiet_NaN());
    return;
  }
  std::sort(values.begin(), values.end());
  const auto n_values = static_cast<double>(values.size()),
             n_nodes = static_cast<double>(nodes.size());
  if (nodes.size() == 1) {
    double sum = 0;
    for (const float value : values) sum += value;
    nodes[0] = static_cast<float>(sum / n_values);
    return;
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const double share = (static_cast<double>(i) + 0.5) / n_nodes;
    const double place = std::clamp(share * n_values - 0.5, 0.0, n_values - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double part = place - static_cast<double>(below);
    nodes[i] = static_cast<float>((1 - part) * values[below] + part * values[above]);
  }
}

float adjusted(std::span<const float> from, std::span<const float> to, float value, Beyond beyond) {
  if (std::isnan(value)) return value;
  if (std::isnan(from[0] + to[0])) return std::numeric_limits<float>::quiet_NaN();
  if (from.size() == 1) return beyond_node(from[0], to[0], value, beyond);
  const auto [first, last] = std::equal_range(from.begin(), from.end(), value);
  const auto i_first = static_cast<std::size_t>(first - from.begin());
  if (first != last) {
    const auto i_last = static_cast<std::size_t>(last - from.begin()) - 1;
    return 0.5F * (to[i_first] + to[i_last]);
  }
  // Where the ratio is limited, values stay on their side of the node.
  if (first == from.begin())
    return std::min(beyond_node(from.front(), to.front(), value, beyond), to.front());
  if (first == from.end())
    return std::max(beyond_node(from.back(), to.back(), value, beyond), to.back());
  const float part = (value - from[i_first - 1]) / (from[i_first] - from[i_first - 1]);
  return (1 - part) * to[i_first - 1] + part * to[i_first];
}

Adjustment::Adjustment(std::vector<Beyond> beyond, Array<float, 4> from, Array<float, 4> to)
    : beyond_(std::move(beyond)), from_(std::move(from)), to_(std::move(to)) {
  HINDSCALE_ASSERT(from_.shape() == to_.shape() && from_.extent(0) == 12 &&
                   from_.extent(1) == beyond_.size());
}

void Adjustment::apply(Month month, View<float, 3> field) const {
  const auto of_year = static_cast<std::size_t>(month.of_year());
  const std::size_t n_nodes = from_.extent(2), n_cells = from_.extent(3);
  HINDSCALE_ASSERT(field.extent(0) == beyond_.size() &&
                   field.extent(1) * field.extent(2) == n_cells);
  std::vector<float> from(n_nodes), to(n_nodes);
  for (std::size_t v = 0; v < beyond_.size(); ++v) {
    const View<const float, 2> all_from = from_.view()[of_year][v], all_to = to_.view()[of_year][v];
    for (std::size_t cell = 0; cell < n_cells; ++cell) {
      for (std::size_t i = 0; i < n_nodes; ++i) {
        from[i] = all_from[i].data()[cell];
        to[i] = all_to[i].data()[cell];
      }
      float& value = field[v].data()[cell];
      value = adjusted(from, to, value, beyond_[v]);
    }
  }
}

}  // namespace hindscale
