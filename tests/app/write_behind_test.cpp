// SPDX-License-Identifier: Apache-2.0
// Tasks beside the computation: their order, how many wait, and what becomes of failures.
#include "write_behind.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <vector>

#include "hindscale/comm/runtime.hpp"

namespace hindscale {
namespace {

TEST(WriteBehind, carries_tasks_out_in_their_order) {
  std::vector<int> done;
  WriteBehind writer;
  for (int i = 0; i < 50; ++i) writer.give([&done, i] { done.push_back(i); });
  writer.finish();
  ASSERT_EQ(done.size(), 50U);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(WriteBehind, goes_on_beside_the_caller_and_lets_one_task_wait) {
  if (!threads_may_call_mpi()) GTEST_SKIP() << "this MPI takes one thread";
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> n_done = 0;
  WriteBehind writer;
  for (int i = 0; i < 2; ++i)
    writer.give([&, open] {  // neither call waits for the gate
      open.wait();
      ++n_done;
    });
  auto third = std::async(std::launch::async, [&] { writer.give([&] { ++n_done; }); });
  EXPECT_EQ(third.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  EXPECT_EQ(n_done, 0);
  gate.set_value();
  third.get();
  writer.finish();
  EXPECT_EQ(n_done, 3);
}

TEST(WriteBehind, a_failure_comes_to_the_caller_and_ends_the_work) {
  std::atomic<int> n_done = 0;
  WriteBehind writer;
  const auto give_all = [&] {
    writer.give([] { throw std::runtime_error("disk full"); });
    writer.give([&] { ++n_done; });
    writer.finish();
  };
  EXPECT_THROW(give_all(), std::runtime_error);
  EXPECT_THROW(writer.finish(), std::runtime_error);
  EXPECT_EQ(n_done, 0);
}

TEST(WriteBehind, lets_go_of_what_a_task_held) {
  const auto held = std::make_shared<int>(1);
  WriteBehind writer;
  writer.give([held] { static_cast<void>(*held); });
  writer.finish();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace hindscale
