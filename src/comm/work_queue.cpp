// SPDX-License-Identifier: Apache-2.0
#include "hindscale/comm/work_queue.hpp"

#include <algorithm>
#include <exception>

namespace hindscale {
namespace {
constexpr std::int64_t closed_mark = std::int64_t{1} << 62;  // beyond any number of units
}

WorkQueue::WorkQueue(const Communicator& comm, std::int64_t n_units, std::int64_t n_tallies)
    : n_units_(n_units) {
  const std::int64_t n_counters = comm.is_root() ? 1 + n_tallies : 0;
  check_mpi(
      MPI_Win_allocate(static_cast<MPI_Aint>(sizeof(std::int64_t)) * n_counters,
                       sizeof(std::int64_t), MPI_INFO_NULL, comm.native(), &counters_, &window_),
      "MPI_Win_allocate");
  check_mpi(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
  std::fill_n(counters_, n_counters, 0);
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

std::int64_t WorkQueue::add_one(std::int64_t i_counter) {
  const std::int64_t one = 1;
  std::int64_t before = 0;
  check_mpi(MPI_Fetch_and_op(&one, &before, MPI_INT64_T, 0, i_counter, MPI_SUM, window_),
            "MPI_Fetch_and_op");
  check_mpi(MPI_Win_flush(0, window_), "MPI_Win_flush");
  return before;
}

std::optional<std::int64_t> WorkQueue::next() {
  const std::int64_t unit = add_one(0);
  if (unit >= n_units_) return std::nullopt;
  return unit;
}

std::int64_t WorkQueue::count(std::int64_t i_tally) {
  return add_one(1 + i_tally) + 1;
}

void WorkQueue::close() {
  std::int64_t before = 0;
  check_mpi(MPI_Fetch_and_op(&closed_mark, &before, MPI_INT64_T, 0, 0, MPI_REPLACE, window_),
            "MPI_Fetch_and_op");
  check_mpi(MPI_Win_flush(0, window_), "MPI_Win_flush");
}

bool WorkQueue::closed() {
  return read() >= closed_mark;
}

std::int64_t WorkQueue::read() {
  std::int64_t counter = 0;
  check_mpi(MPI_Fetch_and_op(nullptr, &counter, MPI_INT64_T, 0, 0, MPI_NO_OP, window_),
            "MPI_Fetch_and_op");
  check_mpi(MPI_Win_flush(0, window_), "MPI_Win_flush");
  return counter;
}

}  // namespace hindscale
