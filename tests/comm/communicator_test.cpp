// SPDX-License-Identifier: Apache-2.0
// Collectives, agreement on failures, shares of work.
#include "hindscale/comm/communicator.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

TEST(Communicator, the_null_one_is_a_process_alone) {
  const Communicator none;
  EXPECT_EQ(none.size(), 1);
  EXPECT_TRUE(none.is_root());
  EXPECT_EQ(all_sum(none, 2.5), 2.5);
  EXPECT_EQ(broadcast(none, "text"), "text");
  EXPECT_EQ(gather_texts(none, "text"), std::vector<std::string>{"text"});
  barrier(none);
}

TEST(Communicator, moving_leaves_a_null_one_behind) {
  Communicator first = Communicator::world();
  const int size = first.size();
  const Communicator second = std::move(first);
  EXPECT_EQ(second.size(), size);
  EXPECT_EQ(first.size(), 1);
  EXPECT_EQ(first.rank(), 0);
  barrier(second);
}

TEST(Communicator, self_is_alone) {
  EXPECT_EQ(Communicator::self().size(), 1);
}

TEST(Communicator, split_sorts_ranks_by_colour_and_key) {
  const Communicator world = Communicator::world();
  const Communicator half = world.split(world.rank() % 2, -world.rank());
  const int n_same = (world.size() + (world.rank() % 2 == 0 ? 1 : 0)) / 2;
  EXPECT_EQ(half.size(), n_same);
  EXPECT_EQ(half.rank(), n_same - 1 - world.rank() / 2);
  EXPECT_EQ(world.split_by_node().size(), world.size());
}

TEST(Collectives, reductions_cover_all_ranks) {
  const Communicator comm = Communicator::world();
  const int n = comm.size();
  EXPECT_EQ(all_sum(comm, 0.5 * comm.rank()), 0.25 * n * (n - 1));
  constexpr std::int64_t large = std::int64_t{1} << 40;
  EXPECT_EQ(all_sum(comm, large), large * n);
  EXPECT_EQ(all_max(comm, static_cast<double>(comm.rank())), n - 1);
  EXPECT_EQ(all_min(comm, static_cast<double>(comm.rank())), 0);
  EXPECT_EQ(all_max(comm, large + comm.rank()), large + n - 1);
  EXPECT_TRUE(any_of(comm, comm.rank() == n - 1));
  EXPECT_FALSE(any_of(comm, false));
}

TEST(Collectives, sums_in_place_are_element_wise) {
  const Communicator comm = Communicator::world();
  std::vector<double> values = {1, static_cast<double>(comm.rank()), -2};
  all_sum_in_place(comm, values);
  const double n = comm.size();
  EXPECT_EQ(values, (std::vector<double>{n, n * (n - 1) / 2, -2 * n}));
}

TEST(Collectives, broadcast_gives_the_roots_values) {
  const Communicator comm = Communicator::world();
  EXPECT_EQ(broadcast(comm, comm.is_root() ? "of the root" : "another, longer text"),
            "of the root");
  EXPECT_EQ(broadcast(comm, comm.is_root() ? "" : "x"), "");
  std::vector<float> singles(5, static_cast<float>(comm.rank()));
  std::vector<double> doubles(3, comm.rank() + 0.5);
  broadcast(comm, singles);
  broadcast(comm, doubles);
  EXPECT_EQ(singles, std::vector<float>(5, 0.0F));
  EXPECT_EQ(doubles, std::vector<double>(3, 0.5));
}

TEST(Collectives, gathered_blocks_of_any_length_stand_in_rank_order) {
  const Communicator comm = Communicator::world();
  // Rank r gives r values: the root none at all.
  const std::vector<double> mine(static_cast<std::size_t>(comm.rank()), comm.rank());
  std::vector<double> expected;
  std::vector<std::string> texts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    expected.insert(expected.end(), static_cast<std::size_t>(rank), rank);
    texts.emplace_back(static_cast<std::size_t>(rank), 'a');
  }
  EXPECT_EQ(gather_blocks(comm, mine), expected);
  EXPECT_EQ(gather_blocks(comm, mine, 2), expected) << "more than MPI takes at once";
  EXPECT_EQ(gather_texts(comm, std::string(mine.size(), 'a')), texts);
}

template <class Thrown>
ErrorFacts facts_agreed_on(const Communicator& comm, int failing_rank, const ErrorFacts& facts) {
  try {
    together(comm, [&] {
      if (comm.rank() == failing_rank) throw Thrown(facts);
    });
  } catch (const Thrown& error) {
    return error.facts();
  }
  ADD_FAILURE() << "nothing of that kind was thrown";
  return {};
}

TEST(Together, an_error_of_one_rank_reaches_all_with_kind_and_facts) {
  const Communicator comm = Communicator::world();
  const ErrorFacts facts{.problem = "p \"quoted\"",
                         .value = "v\xff",
                         .why = "w",
                         .advice = "a",
                         .file = "f",
                         .line = 7,
                         .key = "g/k"};
  for (int rank = 0; rank < comm.size(); ++rank) {
    const ErrorFacts agreed = facts_agreed_on<InputError>(comm, rank, facts);
    EXPECT_EQ(agreed.problem, facts.problem);
    EXPECT_EQ(agreed.why, facts.why);
    EXPECT_EQ(agreed.advice, facts.advice);
    EXPECT_EQ(agreed.file, facts.file);
    EXPECT_EQ(agreed.line, facts.line);
    EXPECT_EQ(agreed.key, facts.key);
    EXPECT_EQ(agreed.value.front(), 'v');
    EXPECT_EQ(facts_agreed_on<SystemError>(comm, rank, facts).line, facts.line);
  }
}

TEST(Together, the_lowest_failing_rank_speaks) {
  const Communicator comm = Communicator::world();
  const int lowest = comm.size() / 2;
  try {
    together(comm, [&] {
      if (comm.rank() >= lowest)
        throw InputError({.problem = "of rank", .value = std::to_string(comm.rank())});
    });
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().value, std::to_string(lowest));
  }
}

TEST(Together, other_exceptions_reach_all_ranks_too) {
  const Communicator comm = Communicator::world();
  const auto fail_on_last = [&] {
    if (comm.rank() == comm.size() - 1) throw std::out_of_range("a bug");
  };
  EXPECT_THROW(together(comm, fail_on_last), std::runtime_error);
}

TEST(Together, success_everywhere_is_silent_and_runs_once) {
  const Communicator comm = Communicator::world();
  int n_runs = 0;
  together(comm, [&] { ++n_runs; });
  EXPECT_EQ(n_runs, 1);
  EXPECT_EQ(all_sum(comm, std::int64_t{1}), comm.size());
}

TEST(CheckMpi, failures_name_the_call_and_the_reason) {
  EXPECT_NO_THROW(check_mpi(MPI_SUCCESS, "MPI_Nothing"));
  try {
    check_mpi(MPI_ERR_COUNT, "MPI_Something");
    FAIL() << "no error";
  } catch (const SystemError& error) {
    EXPECT_EQ(error.facts().problem, "MPI_Something failed");
    EXPECT_FALSE(error.facts().why.empty());
  }
}

TEST(CheckMpi, errors_of_calls_return_instead_of_aborting) {
  const Communicator comm = Communicator::self();
  int value = 0;
  EXPECT_THROW(check_mpi(MPI_Bcast(&value, 1, MPI_INT, 5, comm.native()), "MPI_Bcast"),
               SystemError);
}

TEST(BlockOf, blocks_cover_all_items_once_and_evenly) {
  for (const std::int64_t n : {0, 1, 5, 12, 1000}) {
    for (int size = 1; size < 20; ++size) {
      std::int64_t next = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Block block = block_of(n, rank, size);
        EXPECT_EQ(block.first, next);
        EXPECT_LE(std::abs((block.last - block.first) * size - n), size);
        next = block.last;
      }
      EXPECT_EQ(next, n);
    }
  }
}

}  // namespace
}  // namespace hindscale
