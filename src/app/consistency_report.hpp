// SPDX-License-Identifier: Apache-2.0
// What a reconstruction says about its members' means over coarse cells.
#pragma once

#include <cstdint>
#include <vector>

#include "hindscale/comm/context.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/coarse_comparison.hpp"

namespace hindscale {

/// Sums over the fields that this rank made. Keeps a reference to the content.
class ConsistencyReport {
 public:
  explicit ConsistencyReport(const StoreContent& content);
  /// A field [v, y, x] and the coarse one [v, cy, cx] that drove it.
  void add(View<const float, 3> coarse, View<const float, 3> field);
  /// One line a variable, over the fields of all ranks. Collective.
  void log(const Context& context) const;

 private:
  const StoreContent& content_;
  CoarseComparison comparison_;
  std::vector<CoarseMisfit> misfits_;  ///< of each variable
  std::int64_t n_fields_ = 0;
};

}  // namespace hindscale
