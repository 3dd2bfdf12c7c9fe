// SPDX-License-Identifier: Apache-2.0
#include "tensor_exchange.hpp"

#include "hindscale/core/error.hpp"
#ifdef HINDSCALE_WITH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <optional>

#include "hindscale/comm/nccl_communicator.hpp"
#include "hindscale/model/devices.hpp"
#endif

namespace hindscale {
namespace {

class HostExchange final : public TensorExchange {
 public:
  explicit HostExchange(const Communicator& group) : group_(group) {}

  void run(const std::vector<torch::Tensor>& out, std::vector<torch::Tensor>& in) override {
    if (out.front().scalar_type() == torch::kFloat32) {
      run_as<float>(out, in);
    } else {
      run_as<std::int64_t>(out, in);
    }
  }

 private:
  template <class T>
  void run_as(const std::vector<torch::Tensor>& out, std::vector<torch::Tensor>& in) const {
    std::vector<std::vector<T>> sent, received;
    for (const torch::Tensor& values : out) {
      const torch::Tensor host = values.to(torch::kCPU);
      const T* const first = host.data_ptr<T>();
      sent.emplace_back(first, first + host.numel());
    }
    for (const torch::Tensor& values : in)
      received.emplace_back(static_cast<std::size_t>(values.numel()));
    exchange(group_, sent, received);
    for (std::size_t rank = 0; rank < in.size(); ++rank)
      in[rank].copy_(
          torch::from_blob(received[rank].data(), in[rank].sizes(), out.front().scalar_type()));
  }

  const Communicator& group_;
};

#ifdef HINDSCALE_WITH_CUDA

/// Transfers are queued on the current stream behind what makes the tensors.
class NcclExchange final : public TensorExchange {
 public:
  NcclExchange(const Communicator& group, const torch::Device& device)
      : device_(device), rank_(static_cast<std::size_t>(group.rank())) {
    const c10::cuda::CUDAGuard guard(device_);
    nccl_.emplace(group);
  }

  ~NcclExchange() override {
    const c10::cuda::CUDAGuard guard(device_);
    nccl_.reset();
  }

  void run(const std::vector<torch::Tensor>& out, std::vector<torch::Tensor>& in) override {
    const c10::cuda::CUDAGuard guard(device_);
    nccl_->check("ncclSend or ncclRecv");
    auto* const stream = c10::cuda::getCurrentCUDAStream().stream();
    in[rank_].copy_(out[rank_]);
    check_nccl(ncclGroupStart(), "ncclGroupStart");
    for (std::size_t rank = 0; rank < in.size(); ++rank) {
      if (rank == rank_) continue;
      const int other = static_cast<int>(rank);
      if (out[rank].numel() > 0)
        check_nccl(ncclSend(out[rank].data_ptr(), out[rank].nbytes(), ncclInt8, other, nccl_->get(),
                            stream),
                   "ncclSend");
      if (in[rank].numel() > 0)
        check_nccl(
            ncclRecv(in[rank].data_ptr(), in[rank].nbytes(), ncclInt8, other, nccl_->get(), stream),
            "ncclRecv");
    }
    check_nccl(ncclGroupEnd(), "ncclGroupEnd");
  }

 private:
  torch::Device device_;
  std::size_t rank_;
  std::optional<NcclCommunicator> nccl_;
};

#endif

}  // namespace

std::unique_ptr<TensorExchange> make_exchange(const Communicator& group,
                                              const torch::Device& device) {
#ifdef HINDSCALE_WITH_CUDA
  if (device.is_cuda() && group.size() > 1) {
    const bool shares_gpu = any_of(group, group.split_by_node().size() > visible_gpus());
    if (!shares_gpu) return std::make_unique<NcclExchange>(group, device);
  }
#endif
  HINDSCALE_ASSERT(device.is_cuda() || device.is_cpu());
  return std::make_unique<HostExchange>(group);
}

}  // namespace hindscale
