// SPDX-License-Identifier: Apache-2.0
#include "hindscale/comm/work_queue.hpp"

#include <exception>

namespace hindscale {
namespace {
constexpr std::int64_t closed_mark = std::int64_t{1} << 62;  // beyond any number of units
}

WorkQueue::WorkQueue(const Communicator& comm, std::int64_t n_units) : n_units_(n_units) {
  const MPI_Aint bytes = comm.is_root() ? static_cast<MPI_Aint>(sizeof(std::int64_t)) : 0;
  check_mpi(MPI_Win_allocate(bytes, sizeof(std::int64_t), MPI_INFO_NULL, comm.native(), &counter_,
                             &window_),
            "MPI_Win_allocate");
  check_mpi(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
  if (comm.is_root()) *counter_ = 0;
  barrier(comm);
  check_mpi(MPI_Win_lock_all(0, window_), "MPI_Win_lock_all");
}

WorkQueue::~WorkQueue() {
  // Freeing a window is collective: while an error of this rank alone unwinds, the others would
  // never come.
  if (std::uncaught_exceptions() > n_exceptions_) return;
  MPI_Win_unlock_all(window_);
  MPI_Win_free(&window_);
}

std::optional<std::int64_t> WorkQueue::next() {
  const std::int64_t one = 1;
  std::int64_t unit = 0;
  check_mpi(MPI_Fetch_and_op(&one, &unit, MPI_INT64_T, 0, 0, MPI_SUM, window_), "MPI_Fetch_and_op");
  check_mpi(MPI_Win_flush(0, window_), "MPI_Win_flush");
  if (unit >= n_units_) return std::nullopt;
  return unit;
}

void WorkQueue::close() {
  std::int64_t before = 0;
  check_mpi(MPI_Fetch_and_op(&closed_mark, &before, MPI_INT64_T, 0, 0, MPI_REPLACE, window_),
            "MPI_Fetch_and_op");
  check_mpi(MPI_Win_flush(0, window_), "MPI_Win_flush");
}

bool WorkQueue::closed() {
  std::int64_t counter = 0;
  check_mpi(MPI_Fetch_and_op(nullptr, &counter, MPI_INT64_T, 0, 0, MPI_NO_OP, window_),
            "MPI_Fetch_and_op");
  check_mpi(MPI_Win_flush(0, window_), "MPI_Win_flush");
  return counter >= closed_mark;
}

}  // namespace hindscale
