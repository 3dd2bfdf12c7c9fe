// SPDX-License-Identifier: Apache-2.0
#include "device_operations.hpp"

#include <torch/torch.h>

#include "hindscale/core/error.hpp"
#ifdef HINDSCALE_WITH_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "hindscale/kernel/device_passes.hpp"
#include "hindscale/kernel/device_upsampling.hpp"
#endif

namespace hindscale {
namespace {

#ifdef HINDSCALE_WITH_CUDA

template <class T>
T* values(const torch::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

/// Calls `work` with a null pointer to the values' type.
template <class Work>
void as_type_of(const torch::Tensor& x, const Work& work) {
  if (x.scalar_type() == torch::kFloat32) return work(static_cast<float*>(nullptr));
  HINDSCALE_ASSERT(x.scalar_type() == torch::kBFloat16);
  work(static_cast<__nv_bfloat16*>(nullptr));
}

torch::Tensor norm_on_gpu(const std::vector<torch::Tensor>& x, const NormOperation& operation) {
  const torch::Tensor first = x.front().contiguous(torch::MemoryFormat::ChannelsLast),
                      second = x.size() > 1 ? x.back().contiguous(torch::MemoryFormat::ChannelsLast)
                                            : torch::Tensor();
  const std::int64_t channels = first.size(1) + (second.defined() ? second.size(1) : 0);
  const c10::cuda::CUDAGuard guard(first.device());
  device::NormCall call{.n = first.size(0),
                        .places = first.size(2) * first.size(3),
                        .groups = operation.groups,
                        .is_silu = operation.activation == Activation::silu,
                        .weight = operation.weight.data_ptr<float>(),
                        .bias = operation.bias.data_ptr<float>()};
  if (operation.offset.defined()) call.offset = operation.offset.data_ptr<float>();
  const torch::Tensor memory =
      torch::empty({device::norm_memory(call, channels)}, operation.weight.options());
  call.memory = memory.data_ptr<float>();
  call.stream = c10::cuda::getCurrentCUDAStream(first.device().index());
  torch::Tensor y = torch::empty({first.size(0), channels, first.size(2), first.size(3)},
                                 first.options().memory_format(torch::MemoryFormat::ChannelsLast));
  as_type_of(first, [&]<class T>(T*) {
    device::Maps<T> maps{.first = values<T>(first), .first_channels = first.size(1)};
    if (second.defined()) {
      maps.second = values<T>(second);
      maps.second_channels = second.size(1);
    }
    device::group_norm(maps, call, values<T>(y));
  });
  return y;
}

void add_on_gpu(torch::Tensor& y, const torch::Tensor& x, const torch::Tensor& bias) {
  const auto layout = torch::MemoryFormat::ChannelsLast;
  HINDSCALE_ASSERT(y.is_contiguous(layout) && x.scalar_type() == y.scalar_type());
  const torch::Tensor added = x.contiguous(layout);
  const c10::cuda::CUDAGuard guard(y.device());
  const auto stream = c10::cuda::getCurrentCUDAStream(y.device().index());
  as_type_of(y, [&]<class T>(T*) {
    device::add_map(values<const T>(added), bias.data_ptr<float>(),
                    {y.size(0) * y.size(2) * y.size(3), y.size(1)}, values<T>(y), stream);
  });
}

#endif

}  // namespace

torch::Tensor device_norm(const std::vector<torch::Tensor>& x, const NormOperation& operation) {
#ifdef HINDSCALE_WITH_CUDA
  if (x.front().is_cuda()) return norm_on_gpu(x, operation);
#endif
  return group_norm(x.size() == 1 ? x.front() : torch::cat(x, 1), operation.groups,
                    operation.weight, operation.bias, operation.activation, operation.offset);
}

void add_map(torch::Tensor& y, const torch::Tensor& x, const torch::Tensor& bias) {
#ifdef HINDSCALE_WITH_CUDA
  if (y.is_cuda()) return add_on_gpu(y, x, bias);
#endif
  y.add_(x).add_(bias.to(y.scalar_type()).view({1, -1, 1, 1}));
}

#ifdef HINDSCALE_WITH_CUDA

void upsample_on_gpu(const torch::Tensor& x, const torch::Tensor& fine, Padding padding,
                     bool is_adjoint) {
  const auto layout = torch::MemoryFormat::ChannelsLast;
  HINDSCALE_ASSERT(x.is_contiguous(layout) && fine.is_contiguous(layout));
  const c10::cuda::CUDAGuard guard(x.device());
  const device::UpsamplingCall call{
      .map = {.channels = x.size(1), .height = x.size(2), .width = x.size(3)},
      .n = x.size(0),
      .padding = padding,
      .stream = c10::cuda::getCurrentCUDAStream(x.device().index())};
  as_type_of(x, [&]<class T>(T*) {
    if (is_adjoint) {
      device::upsample_bicubic_adjoint(call, values<const T>(fine), values<T>(x));
    } else {
      device::upsample_bicubic(call, values<const T>(x), values<T>(fine));
    }
  });
}

#else

void upsample_on_gpu(const torch::Tensor& /*x*/, const torch::Tensor& /*fine*/, Padding /*padding*/,
                     bool /*is_adjoint*/) {
  HINDSCALE_ASSERT(!"this build has no kernels for GPUs");
}

#endif

}  // namespace hindscale
