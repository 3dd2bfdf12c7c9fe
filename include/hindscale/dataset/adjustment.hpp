// SPDX-License-Identifier: Apache-2.0
// Brings a biased coarse source to the climatology that a network was trained with.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

/// What a value beyond the nodes keeps of the node that is nearest.
enum class Beyond {
  difference,  ///< of fields that may have any sign
  ratio        ///< of fields that are never negative; from 1/10 to 10
};

/// Nodes of values: for one node their mean, else the quantiles at (i + 1/2) / n (linear between
/// order statistics, Hazen's positions). NaN where a value is missing. Sorts the values, of which
/// there is at least one.
void find_nodes(std::span<float> values, std::span<float> nodes);

/// The value that `value` becomes where nodes `from` become nodes `to` (both ascending, as many):
/// linear between nodes, `beyond` outside of them; amid equal nodes the middle of what they become.
/// NaN for NaN, and where the nodes are missing.
float adjusted(std::span<const float> from, std::span<const float> to, float value, Beyond beyond);

/// For each calendar month, variable and coarse cell a monotone function through pairs of nodes:
/// with one node a shift (for fields that are never negative a factor) that gives the training
/// mean, with more a mapping of quantiles. Owns its nodes.
class Adjustment {
 public:
  /// Nodes [12, v, n, cell] of the source and of the training climatology; of each variable whether
  /// values beyond them keep difference or ratio.
  Adjustment(std::vector<Beyond> beyond, Array<float, 4> from, Array<float, 4> to);

  /// A field [v, cy, cx] of that month, in place.
  void apply(Month month, View<float, 3> field) const;

 private:
  std::vector<Beyond> beyond_;
  Array<float, 4> from_, to_;
};

}  // namespace hindscale
