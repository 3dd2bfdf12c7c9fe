// SPDX-License-Identifier: Apache-2.0
// The shared queue hands out each unit once.
#include "hindscale/comm/work_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// The units this rank drew, until the queue was empty.
std::vector<double> draw_all(WorkQueue& queue) {
  std::vector<double> units;
  while (const auto unit = queue.next()) units.push_back(static_cast<double>(*unit));
  return units;
}

TEST(WorkQueue, each_unit_is_handed_out_exactly_once) {
  const Communicator comm = Communicator::world();
  for (const std::int64_t n : {0, 1, 3, 200}) {
    WorkQueue queue(comm, n);
    std::vector<double> drawn = gather_blocks(comm, draw_all(queue));
    std::sort(drawn.begin(), drawn.end());
    std::vector<double> expected(static_cast<std::size_t>(n));
    std::iota(expected.begin(), expected.end(), 0.0);
    EXPECT_EQ(drawn, expected);
  }
}

TEST(WorkQueue, an_empty_queue_stays_empty) {
  const Communicator comm = Communicator::world();
  WorkQueue queue(comm, 2);
  draw_all(queue);
  EXPECT_FALSE(queue.next().has_value());
  EXPECT_FALSE(queue.next().has_value());
}

TEST(WorkQueue, one_rank_alone_can_take_everything) {
  const Communicator comm = Communicator::world();
  WorkQueue queue(comm, 50);
  const bool takes_all = comm.rank() == comm.size() - 1;
  const std::size_t n_drawn = takes_all ? draw_all(queue).size() : 0;
  EXPECT_EQ(n_drawn, takes_all ? 50U : 0U);
  barrier(comm);
  EXPECT_FALSE(queue.next().has_value());
}

TEST(WorkQueue, units_of_one_rank_rise) {
  const Communicator comm = Communicator::world();
  WorkQueue queue(comm, 100);
  const std::vector<double> units = draw_all(queue);
  EXPECT_TRUE(std::is_sorted(units.begin(), units.end()));
}

TEST(WorkQueue, tallies_count_over_all_ranks_and_leave_the_units_alone) {
  const Communicator comm = Communicator::world();
  WorkQueue queue(comm, 1, 3);
  EXPECT_TRUE(queue.has_more());
  barrier(comm);
  std::vector<double> counts;
  for (int i = 0; i < 20; ++i) counts.push_back(static_cast<double>(queue.count(2)));
  EXPECT_TRUE(std::is_sorted(counts.begin(), counts.end()));
  std::vector<double> all = gather_blocks(comm, counts), expected(all.size());
  std::sort(all.begin(), all.end());
  std::iota(expected.begin(), expected.end(), 1.0);
  EXPECT_EQ(all, expected);
  if (comm.is_root()) {
    EXPECT_EQ(queue.count(0), 1);
    EXPECT_EQ(queue.next(), 0);
    EXPECT_FALSE(queue.has_more());
  }
  barrier(comm);
}

TEST(WorkQueue, two_queues_do_not_disturb_each_other) {
  const Communicator comm = Communicator::world();
  WorkQueue first(comm, 1);
  WorkQueue second(comm, 10);
  draw_all(first);
  EXPECT_EQ(all_sum(comm, static_cast<std::int64_t>(draw_all(second).size())), 10);
}

TEST(WorkQueue, is_left_by_a_failing_rank_without_waiting_for_the_others) {
  const Communicator comm = Communicator::world();
  const int last = comm.size() - 1;
  bool left = false;
  try {
    WorkQueue queue(comm, 10);
    queue.next();
    // The others hold their queue until the failing rank has left its own.
    int token = 0;
    if (comm.rank() != last)
      MPI_Recv(&token, 1, MPI_INT, last, 0, comm.native(), MPI_STATUS_IGNORE);
    throw InputError({.problem = "failure"});
  } catch (const InputError&) {
    left = true;
    const int token = 1;
    for (int rank = 0; comm.rank() == last && rank < last; ++rank)
      MPI_Send(&token, 1, MPI_INT, rank, 0, comm.native());
  }
  EXPECT_TRUE(left);
}

}  // namespace
}  // namespace hindscale
