// SPDX-License-Identifier: Apache-2.0
// What a run costs: time, idle ranks, node-hours; from its work and a machine's rates.
#pragma once

#include <cstddef>
#include <vector>

namespace hindscale {

/// The units of work of one archive, in the order of the queue.
struct ArchiveWorkload {
  std::vector<double> unit_fields;  ///< fields of each unit
  double evaluations_a_field = 0;   ///< tiles, all calls together
  double tiles = 1;                 ///< of a field: what its ranks can share
  double bytes_a_field = 0;         ///< of output
  double statistics_bytes = 0;      ///< read again for statistics over members
};

/// Rates of one rank while all work.
struct Rates {
  double evaluations_a_s = 1;  ///< tiles
  double overhead = 0;         ///< share of the network's time
  double write_bytes_a_s = 1;
  double disk_bytes_a_s = 0;  ///< of all ranks together; 0: no limit
  double start_s = 0;
};

struct Layout {
  std::size_t ranks = 1;
  std::size_t ranks_per_field = 1;  ///< divides the ranks
};

struct Cost {
  double seconds = 0;     ///< wall time
  double network_s = 0;   ///< of a rank, mean
  double writing_s = 0;   ///< of a rank, mean
  double idle_share = 0;  ///< of all rank-seconds: waiting for the last units
};

/// Groups take units from one queue as they become free, as in a reconstruction; archives follow
/// each other. Tiles of a field are shared evenly, but for what does not divide.
Cost cost_of(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
             const Layout& layout);

/// The numbers of ranks a field, dividing the ranks and not above the tiles, whose cost is least;
/// the smallest of those within 1 %.
Layout best_layout(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
                   std::size_t ranks);

}  // namespace hindscale
