// SPDX-License-Identifier: Apache-2.0
// One queue of numbered units shared by all ranks.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <exception>
#include <optional>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// One-sided counters on rank 0. Each unit 0..n-1 is handed out exactly once; fast ranks take more.
/// Beside it, tallies by which ranks count together, from 0. Construction and destruction are
/// collective, the rest is not. Keeps a reference to the communicator.
class WorkQueue {
 public:
  WorkQueue(const Communicator& comm, std::int64_t n_units, std::int64_t n_tallies = 0);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// The next unit, or nothing when all are taken.
  std::optional<std::int64_t> next();
  /// Whether units are left to take.
  [[nodiscard]] bool has_more() { return read() < n_units_; }
  /// Counts one more; what the tally is then.
  std::int64_t count(std::int64_t i_tally);
  /// Hands out nothing more, on any rank.
  void close();
  /// Whether `close` was called by some rank.
  [[nodiscard]] bool closed();

 private:
  [[nodiscard]] std::int64_t read();  ///< the number of units taken
  std::int64_t add_one(std::int64_t i_counter);
  MPI_Win window_ = MPI_WIN_NULL;
  std::int64_t* counters_ = nullptr;  ///< of units, then the tallies
  std::int64_t n_units_;
  int n_exceptions_ = std::uncaught_exceptions();  ///< in flight when it was made
};

}  // namespace hindscale
