// SPDX-License-Identifier: Apache-2.0
// Of several ways to run, the one that costs least.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cost_model.hpp"

namespace hindscale {

/// Of the numbers of ranks a field that divide the ranks, are not above the tiles and fit: the one
/// whose cost is least, more of them for 1 % at least. Nothing where none fits.
std::optional<Layout> best_layout(
    const std::vector<ArchiveWorkload>& archives, const Rates& rates, std::size_t ranks,
    const std::function<bool(const Layout&)>& fits = [](const Layout&) { return true; });

/// A reconstruction with a batch, and whether a node can hold it.
struct BatchCost {
  std::int64_t batch = 0;
  double seconds = 0;
  bool fits = true;
};

/// Of those that fit and take at most 1 % longer than the quickest of them: `asked`, or else the
/// first. Nothing where none fits.
std::optional<std::int64_t> best_batch(std::span<const BatchCost> costs, std::int64_t asked);

}  // namespace hindscale
