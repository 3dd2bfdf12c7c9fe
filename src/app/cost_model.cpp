// SPDX-License-Identifier: Apache-2.0
#include "cost_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>

namespace hindscale {
namespace {

/// Adds the time of one archive to `cost`; `idle_s` sums over ranks.
void add_archive(const ArchiveWorkload& work, const Rates& rates, const Layout& layout, Cost& cost,
                 double& idle_s) {
  const std::size_t n_groups = layout.ranks / layout.ranks_per_field;
  // The rank with most tiles is waited for at every call.
  const double share =
      std::ceil(work.tiles / static_cast<double>(layout.ranks_per_field)) / work.tiles;
  const double field_s = work.evaluations_a_field * share / rates.evaluations_a_s;
  double write_rate = rates.write_bytes_a_s;
  if (rates.disk_bytes_a_s > 0)
    write_rate = std::min(write_rate, rates.disk_bytes_a_s / static_cast<double>(n_groups));
  const double write_s = work.bytes_a_field / write_rate;
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (std::size_t i = 0; i < n_groups; ++i) free_at.push(0);
  double network_s = 0, writing_s = 0;
  for (const double fields : work.unit_fields) {
    const double start = free_at.top();
    free_at.pop();
    free_at.push(start + fields * (field_s * (1 + rates.overhead) + write_s));
    network_s += fields * field_s;
    writing_s += fields * write_s;
  }
  double sum = 0, end = 0;
  for (; !free_at.empty(); free_at.pop()) {
    sum += free_at.top();
    end = free_at.top();
  }
  const auto groups = static_cast<double>(n_groups);
  const double statistics_s = work.statistics_bytes / rates.write_bytes_a_s / groups;
  cost.seconds += end + statistics_s;
  cost.network_s += network_s / groups;
  cost.writing_s += writing_s / groups + statistics_s;
  idle_s += (end * groups - sum) * static_cast<double>(layout.ranks_per_field);
}

}  // namespace

Cost cost_of(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
             const Layout& layout) {
  Cost cost;
  cost.seconds = rates.start_s;
  double idle_s = 0;
  for (const ArchiveWorkload& work : archives) add_archive(work, rates, layout, cost, idle_s);
  cost.idle_share = idle_s / (cost.seconds * static_cast<double>(layout.ranks));
  return cost;
}

Layout best_layout(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
                   std::size_t ranks) {
  constexpr double gain = 0.99;  // more ranks a field have to be worth their messages
  double tiles = 1;
  for (const ArchiveWorkload& work : archives) tiles = std::max(tiles, work.tiles);
  Layout best{ranks, 1};
  double least = cost_of(archives, rates, best).seconds;
  for (std::size_t n = 2; n <= ranks && static_cast<double>(n) <= tiles; ++n) {
    if (ranks % n != 0) continue;
    const double seconds = cost_of(archives, rates, {ranks, n}).seconds;
    if (seconds >= gain * least) continue;
    least = seconds;
    best = {ranks, n};
  }
  return best;
}

}  // namespace hindscale
