// SPDX-License-Identifier: Apache-2.0
// What a run costs: time, idle ranks, node-hours; from its work and a machine's rates. The run is
// simulated as events: groups of ranks, and what they share, which serves one request at a time.
#pragma once

#include <cstddef>
#include <vector>

namespace hindscale {

/// The units of work of one archive, in the order of the queue.
struct ArchiveWorkload {
  std::vector<double> unit_fields;           ///< fields of each unit
  std::vector<std::size_t> unit_segments{};  ///< block of years of each; empty: one block for all
  double evaluations_a_field = 0;            ///< tiles, all calls together
  double tiles = 1;                          ///< of a field: what its ranks can share
  double calls_a_field = 0;  ///< of the network, with halos between the ranks of a field
  double batch = 0;  ///< tiles of a call; groups look whether to stop before each fields of so
                     ///< many; 0: once a unit
  double bytes_a_field = 0;     ///< of output
  double files = 0;             ///< of members; units hold them as they hold fields
  double statistics_bytes = 0;  ///< read again for statistics over members, of all blocks
  double statistics_tasks = 0;  ///< of all blocks, that ranks can share; 0: as finely as one likes
};

/// Who answers requests to the queue.
enum class QueueMemory {
  direct,  ///< the memory of the root, without its doing: shared memory, a network with atomics
  by_root  ///< the root, whenever it calls MPI: not while it computes
};

/// Rates of one rank while all work. What is not known is 0 and costs nothing.
struct Rates {
  double evaluations_a_s = 1;  ///< tiles
  double overhead = 0;         ///< share of the network's time
  double write_bytes_a_s = 1;
  double disk_bytes_a_s = 0;  ///< of all ranks together; 0: no limit
  double start_s = 0;
  double end_s = 0;            ///< bookkeeping that every rank does once
  double scatter = 0;          ///< standard deviation of the time of a unit, a share of it
  double exchange_s = 0;       ///< halos of a call of the network
  double file_s = 0;           ///< of a file, beside its bytes
  double files_a_s = 0;        ///< the file system makes, all ranks together; 0: no limit
  double start_bytes = 0;      ///< each rank reads from the file system, all at once
  double queue_wait_s = 0;     ///< for one operation on the queue that nobody else uses
  double queue_service_s = 0;  ///< the queue spends on one operation
  QueueMemory queue_memory = QueueMemory::direct;
};

struct Layout {
  std::size_t ranks = 1;
  std::size_t ranks_per_field = 1;  ///< divides the ranks
};

/// Seconds of a rank, means over the ranks, add up to `seconds`.
struct Cost {
  double seconds = 0;        ///< wall time
  double network_s = 0;      ///< with the overhead of its calls
  double sharing_s = 0;      ///< of fields by ranks: halos, and tiles that do not divide
  double queue_s = 0;        ///< operations on the queue
  double writing_s = 0;      ///< files and statistics, as fast as a rank can
  double file_system_s = 0;  ///< waiting for it, as others use it
  double fixed_s = 0;        ///< start and end
  double idle_s = 0;         ///< waiting for the last units and statistics

  [[nodiscard]] double idle_share() const { return idle_s / seconds; }
  [[nodiscard]] double io_share() const { return (writing_s + file_system_s) / seconds; }
};

/// Groups take units from one queue as they become free, as in a reconstruction; archives follow
/// each other. Tiles of a field are shared evenly, but for what does not divide. Files are made at
/// the end of a unit, in the time of the rank; the file system takes them while the rank goes on,
/// as far as its next unit's (the program begins with each field: sooner). The group whose unit
/// completes a block of years writes its statistics, while the others go on; those of blocks that
/// are completed when no units are left are shared by all ranks.
Cost cost_of(const std::vector<ArchiveWorkload>& archives, const Rates& rates,
             const Layout& layout);

}  // namespace hindscale
