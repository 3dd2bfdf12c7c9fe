// SPDX-License-Identifier: Apache-2.0
#include "cost_choice.hpp"

#include <algorithm>
#include <cmath>

namespace hindscale {

std::optional<Layout> best_layout(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
                                  std::size_t ranks,
                                  const std::function<bool(const Layout&)>& fits) {
  constexpr double gain = 0.99;  // more ranks a field have to be worth their messages
  double tiles = 1;
  for (const ArchiveWorkload& work : archives) tiles = std::max(tiles, work.tiles);
  std::optional<Layout> best;
  double least = HUGE_VAL;
  for (std::size_t n = 1; n <= ranks && static_cast<double>(n) <= tiles; ++n) {
    if (ranks % n != 0) continue;
    const Layout layout{ranks, n};
    const double seconds = cost_of(archives, rates, layout).seconds;
    if (seconds >= gain * least || !fits(layout)) continue;
    least = seconds;
    best = layout;
  }
  return best;
}

std::optional<std::int64_t> best_batch(std::span<const BatchCost> costs, std::int64_t asked) {
  constexpr double tolerance = 1.01;
  double least = HUGE_VAL;
  for (const BatchCost& cost : costs)
    if (cost.fits) least = std::min(least, cost.seconds);
  std::optional<std::int64_t> best;
  for (const BatchCost& cost : costs) {
    if (!cost.fits || cost.seconds > tolerance * least) continue;
    if (!best || cost.batch == asked) best = cost.batch;
  }
  return best;
}

}  // namespace hindscale
