// SPDX-License-Identifier: Apache-2.0
// One run at a time in a directory.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

namespace hindscale {

/// Who holds a directory.
struct LockHolder {
  std::string host;
  long process = 0;
  std::string started;  ///< boot and start time of the process: numbers of processes come again
  std::string job;      ///< SLURM_JOB_ID, or empty
  long restarts = 0;    ///< SLURM_RESTART_COUNT
};

/// Holds "<directory>/.hindscale.lock" until destroyed. InputError naming the holder where another
/// living run has it. A lock is stale, and taken over, when its process is gone from this host; or
/// (other host) when its SLURM job is ours before it was requeued, or the lock has not been
/// refreshed for `stale_after_s`. A thread of the holder refreshes it every `heartbeat_s`.
class DirectoryLock {
 public:
  static constexpr int stale_after_s = 600;
  static constexpr int heartbeat_s = 60;
  explicit DirectoryLock(std::filesystem::path directory);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

  /// The holder whose stale lock was taken over, for the log.
  [[nodiscard]] const std::optional<LockHolder>& taken_over() const { return taken_over_; }

 private:
  void beat(const std::stop_token& stop) const;
  std::filesystem::path path_;
  std::optional<LockHolder> taken_over_;
  std::jthread heartbeat_;
};

}  // namespace hindscale
