// SPDX-License-Identifier: Apache-2.0
#include "device_recording.hpp"

#include "hindscale/core/error.hpp"
#ifdef HINDSCALE_WITH_CUDA
#include <ATen/cuda/CUDAEvent.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace hindscale {

#ifdef HINDSCALE_WITH_CUDA

struct DeviceRecording::Graph {
  explicit Graph(const torch::Device& device)
      : stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.index())) {}

  void record(const std::function<void()>& work) {
    // Libraries choose and load their kernels at the first run, which a recording could not hold.
    work();
    stream.synchronize();
    recorded.capture_begin();
    work();
    recorded.capture_end();
    is_recorded = true;
  }

  c10::cuda::CUDAStream stream;
  at::cuda::CUDAGraph recorded;
  bool is_recorded = false;
};

#else

struct DeviceRecording::Graph {};

#endif

DeviceRecording::DeviceRecording(const torch::Device& device, std::function<void()> work)
    : work_(std::move(work)) {
#ifdef HINDSCALE_WITH_CUDA
  if (device.is_cuda()) graph_ = std::make_unique<Graph>(device);
#else
  HINDSCALE_ASSERT(device.is_cpu());
#endif
}

DeviceRecording::~DeviceRecording() = default;

void DeviceRecording::run(const std::function<void()>& before, const std::function<void()>& after) {
#ifdef HINDSCALE_WITH_CUDA
  if (graph_) {
    try {
      // What was queued before this call is there when it reads.
      at::cuda::CUDAEvent queued;
      queued.record(c10::cuda::getCurrentCUDAStream(graph_->stream.device_index()));
      queued.block(graph_->stream);
      const c10::cuda::CUDAStreamGuard guard(graph_->stream);
      before();
      if (!graph_->is_recorded) graph_->record(work_);
      graph_->recorded.replay();
      after();
      graph_->stream.synchronize();
    } catch (const c10::Error& error) {
      throw SystemError({.problem = "the device failed", .why = error.what_without_backtrace()});
    }
    return;
  }
#endif
  before();
  work_();
  after();
}

}  // namespace hindscale
