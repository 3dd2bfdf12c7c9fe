// SPDX-License-Identifier: Apache-2.0
// Sums over ranks by NCCL, on a stream of their own beside the backward pass.
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>

#include <optional>

#include "hindscale/comm/nccl_communicator.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/model/devices.hpp"
#include "reduction.hpp"

namespace hindscale {
namespace {

/// Work on the communicator is ordered by one stream from LibTorch's pool.
class NcclReduction final : public Reduction {
 public:
  NcclReduction(const Communicator& comm, const torch::Device& device)
      : device_(device),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index())) {
    const c10::cuda::CUDAGuard guard(device_);
    const int n_ranks = comm.split_by_node().size(), n_gpus = visible_gpus();
    together(comm, [&] {
      if (n_ranks > n_gpus)
        throw SystemError({.problem = "a node has more ranks than GPUs",
                           .value = fmt::format("{} ranks, {} GPUs", n_ranks, n_gpus),
                           .why = "NCCL sums gradients between GPUs, not within one",
                           .advice = "start one rank for each GPU"});
    });
    nccl_.emplace(comm);
  }

  ~NcclReduction() override {
    const c10::cuda::CUDAGuard guard(device_);
    nccl_.reset();
  }

  void start(torch::Tensor& values) override {
    const c10::cuda::CUDAGuard guard(device_);
    // The bucket was filled on the stream of the backward pass: the sum may begin only behind that.
    at::cuda::CUDAEvent filled;
    filled.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    filled.block(stream_);
    auto* const data = values.data_ptr<float>();
    check_nccl(ncclAllReduce(data, data, static_cast<std::size_t>(values.numel()), ncclFloat,
                             ncclSum, nccl_->get(), stream_.stream()),
               "ncclAllReduce");
  }

  void poke() override { nccl_->check("ncclAllReduce"); }

  void wait() override {
    const c10::cuda::CUDAGuard guard(device_);
    poke();
    at::cuda::CUDAEvent summed;
    summed.record(stream_);
    summed.block(c10::cuda::getCurrentCUDAStream(device_.index()));
  }

 private:
  torch::Device device_;
  c10::cuda::CUDAStream stream_;
  std::optional<NcclCommunicator> nccl_;
};

}  // namespace

std::unique_ptr<Reduction> make_nccl_reduction(const Communicator& comm,
                                               const torch::Device& device) {
  return std::make_unique<NcclReduction>(comm, device);
}

}  // namespace hindscale
