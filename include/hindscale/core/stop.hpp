// SPDX-License-Identifier: Apache-2.0
// Requests to stop early: signals and a wall-time budget.
#pragma once

#include <chrono>

namespace hindscale {

/// A file that grows beyond a limit of the system fails to be written, like one on a full disk,
/// instead of ending the process without a word. Call once, in main.
void report_size_limits_as_errors();

/// Lets SIGTERM and SIGUSR1 set a flag instead of ending the process. Call once, in main.
void install_stop_signals();

/// True after one of these signals reached this process.
bool stop_signal_seen();

/// A wall-time budget counted from construction; zero or less means none.
class WallTime {
 public:
  explicit WallTime(double budget_s = 0) : budget_s_(budget_s) {}
  [[nodiscard]] double elapsed_s() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  [[nodiscard]] bool spent() const { return !has_room_for(0); }
  /// Whether work of this length would end within the budget.
  [[nodiscard]] bool has_room_for(double seconds) const {
    return budget_s_ <= 0 || elapsed_s() + seconds < budget_s_;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double budget_s_;
};

}  // namespace hindscale
