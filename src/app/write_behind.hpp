// SPDX-License-Identifier: Apache-2.0
// Work that goes on beside the computation.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace hindscale {

/// Carries tasks out in the order they come, in a thread of its own. One task at most waits while
/// another is carried out, so what tasks hold is bounded. After a failed task no other is begun.
class WriteBehind {
 public:
  /// Where a second thread may not call MPI, tasks are carried out as they come.
  WriteBehind();
  /// Waits for the task under way, drops the one that waits.
  ~WriteBehind();
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;

  /// Waits for a free place. Rethrows what a task threw before.
  void give(std::function<void()> task);
  /// Waits until all is done. Rethrows what a task threw.
  void finish();

  /// That tasks took so far.
  [[nodiscard]] double seconds();

 private:
  void work();
  void carry_out(const std::function<void()>& task);
  void rethrow() const;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::function<void()>> waiting_;
  bool is_busy_ = false;
  bool ends_ = false;
  std::exception_ptr failure_;
  double seconds_ = 0;
  std::thread thread_;
};

}  // namespace hindscale
