// SPDX-License-Identifier: Apache-2.0
// Work on a device that is the same every time but for the values it reads.
#pragma once

#include <torch/types.h>

#include <functional>
#include <memory>

namespace hindscale {

/// Runs `work`, on a GPU as a CUDA graph: recorded at the first run, replayed at all others, which
/// saves the time of starting its many small parts. `work` then may neither wait nor touch the host
/// and reads and writes tensors that stay where they are. All runs are on one stream of their own.
class DeviceRecording {
 public:
  DeviceRecording(const torch::Device& device, std::function<void()> work);
  ~DeviceRecording();
  DeviceRecording(const DeviceRecording&) = delete;
  DeviceRecording& operator=(const DeviceRecording&) = delete;

  /// Runs `before`, the work and `after` in this order, and returns when all is done. `before` and
  /// `after` may queue copies, from and to the host or the tensors of others. SystemError where the
  /// device fails.
  void run(const std::function<void()>& before, const std::function<void()>& after);

 private:
  struct Graph;
  std::function<void()> work_;
  std::unique_ptr<Graph> graph_;  ///< none on the CPU
};

}  // namespace hindscale
