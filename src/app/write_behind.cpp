// SPDX-License-Identifier: Apache-2.0
#include "write_behind.hpp"

#include <chrono>
#include <utility>

#include "hindscale/comm/runtime.hpp"

namespace hindscale {

WriteBehind::WriteBehind() {
  if (threads_may_call_mpi()) thread_ = std::thread([this] { work(); });
}

WriteBehind::~WriteBehind() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard guard(mutex_);
    ends_ = true;
    waiting_.reset();
  }
  changed_.notify_all();
  thread_.join();
}

void WriteBehind::give(std::function<void()> task) {
  if (!thread_.joinable()) {
    rethrow();
    carry_out(task);
    rethrow();
    return;
  }
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return !waiting_ || failure_; });
  rethrow();
  waiting_ = std::move(task);
  changed_.notify_all();
}

void WriteBehind::finish() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return (!waiting_ && !is_busy_) || failure_; });
  rethrow();
}

double WriteBehind::seconds() {
  const std::lock_guard guard(mutex_);
  return seconds_;
}

void WriteBehind::work() {
  std::unique_lock guard(mutex_);
  while (true) {
    changed_.wait(guard, [this] { return waiting_ || ends_; });
    if (ends_) return;
    {
      const auto task = *std::exchange(waiting_, std::nullopt);
      is_busy_ = true;
      changed_.notify_all();
      guard.unlock();
      carry_out(task);
    }  // what the task held is gone before the next may come
    guard.lock();
    is_busy_ = false;
    changed_.notify_all();
    if (failure_) return;
  }
}

void WriteBehind::carry_out(const std::function<void()>& task) {
  const auto start = std::chrono::steady_clock::now();
  std::exception_ptr failure;
  try {
    task();
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard guard(mutex_);
  failure_ = failure;
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void WriteBehind::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace hindscale
