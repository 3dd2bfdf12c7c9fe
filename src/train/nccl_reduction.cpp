// SPDX-License-Identifier: Apache-2.0
// Sums over ranks by NCCL, on a stream of their own beside the backward pass.
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>
#include <nccl.h>

#include <cstring>
#include <string>

#include "hindscale/core/error.hpp"
#include "hindscale/model/devices.hpp"
#include "reduction.hpp"

namespace hindscale {
namespace {

void check_nccl(ncclResult_t status, const char* call) {
  if (status == ncclSuccess) return;
  throw SystemError({.problem = std::string(call) + " failed", .why = ncclGetErrorString(status)});
}

/// The root's identifier of a new NCCL communicator, on every rank.
ncclUniqueId shared_identifier(const Communicator& comm) {
  ncclUniqueId identifier{};
  together(comm, [&] {
    if (comm.is_root()) check_nccl(ncclGetUniqueId(&identifier), "ncclGetUniqueId");
  });
  const std::string bytes =
      broadcast(comm, std::string(identifier.internal, sizeof identifier.internal));
  std::memcpy(identifier.internal, bytes.data(), sizeof identifier.internal);
  return identifier;
}

/// Owns an NCCL communicator; work on it is ordered by one stream from LibTorch's pool.
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
    const ncclUniqueId identifier = shared_identifier(comm);
    together(comm, [&] {
      check_nccl(ncclCommInitRank(&nccl_, comm.size(), identifier, comm.rank()),
                 "ncclCommInitRank");
    });
  }

  ~NcclReduction() override {
    const c10::cuda::CUDAGuard guard(device_);
    if (nccl_ != nullptr) ncclCommDestroy(nccl_);
  }

  void start(torch::Tensor& values) override {
    const c10::cuda::CUDAGuard guard(device_);
    // The bucket was filled on the stream of the backward pass: the sum may begin only behind that.
    at::cuda::CUDAEvent filled;
    filled.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    filled.block(stream_);
    auto* const data = values.data_ptr<float>();
    check_nccl(ncclAllReduce(data, data, static_cast<std::size_t>(values.numel()), ncclFloat,
                             ncclSum, nccl_, stream_.stream()),
               "ncclAllReduce");
  }

  void poke() override {
    ncclResult_t status = ncclSuccess;
    check_nccl(ncclCommGetAsyncError(nccl_, &status), "ncclCommGetAsyncError");
    check_nccl(status, "ncclAllReduce");
  }

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
  ncclComm_t nccl_ = nullptr;
};

}  // namespace

std::unique_ptr<Reduction> make_nccl_reduction(const Communicator& comm,
                                               const torch::Device& device) {
  return std::make_unique<NcclReduction>(comm, device);
}

}  // namespace hindscale
