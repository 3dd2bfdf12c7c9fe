// SPDX-License-Identifier: Apache-2.0
// One queue of numbered units shared by all ranks.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <exception>
#include <optional>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// A one-sided counter on rank 0. Each unit 0..n-1 is handed out exactly once; fast ranks take
/// more. Construction and destruction are collective; `next` is not. Keeps a reference to the
/// communicator.
class WorkQueue {
 public:
  WorkQueue(const Communicator& comm, std::int64_t n_units);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// The next unit, or nothing when all are taken.
  std::optional<std::int64_t> next();
  /// Hands out nothing more, on any rank.
  void close();
  /// Whether `close` was called by some rank.
  [[nodiscard]] bool closed();

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  std::int64_t* counter_ = nullptr;
  std::int64_t n_units_;
  int n_exceptions_ = std::uncaught_exceptions();  ///< in flight when it was made
};

}  // namespace hindscale
