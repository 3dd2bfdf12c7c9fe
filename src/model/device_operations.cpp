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
T* gpu_values(const torch::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

/// Calls `work` with a null pointer to the values' type.
template <class Work>
void as_gpu_type_of(const torch::Tensor& x, const Work& work) {
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
  const auto layout = torch::MemoryFormat::ChannelsLast;
  torch::Tensor y = torch::empty({first.size(0), channels, first.size(2), first.size(3)},
                                 first.options().dtype(operation.type).memory_format(layout));
  as_gpu_type_of(first, [&]<class In>(In*) {
    device::Maps<In> maps{.first = gpu_values<In>(first), .first_channels = first.size(1)};
    if (second.defined()) {
      maps.second = gpu_values<In>(second);
      maps.second_channels = second.size(1);
    }
    as_gpu_type_of(y, [&]<class Out>(Out*) { device::group_norm(maps, call, gpu_values<Out>(y)); });
  });
  return y;
}

torch::Tensor sum_on_gpu(const torch::Tensor& x, const torch::Tensor& y,
                         const torch::Tensor& bias) {
  const auto layout = torch::MemoryFormat::ChannelsLast;
  const torch::Tensor first = x.contiguous(layout), second = y.contiguous(layout);
  const c10::cuda::CUDAGuard guard(x.device());
  const auto stream = c10::cuda::getCurrentCUDAStream(x.device().index());
  torch::Tensor sum =
      torch::empty(x.sizes(), x.options().dtype(torch::kFloat32).memory_format(layout));
  const device::SumCall call{.places = x.size(0) * x.size(2) * x.size(3),
                             .channels = x.size(1),
                             .bias = bias.data_ptr<float>(),
                             .stream = stream};
  as_gpu_type_of(first, [&]<class A>(A*) {
    as_gpu_type_of(second, [&]<class B>(B*) {
      device::sum_of_maps(gpu_values<const A>(first), gpu_values<const B>(second), call,
                          sum.data_ptr<float>());
    });
  });
  return sum;
}

#endif

}  // namespace

torch::Tensor device_norm(const std::vector<torch::Tensor>& x, const NormOperation& operation) {
#ifdef HINDSCALE_WITH_CUDA
  if (x.front().is_cuda()) return norm_on_gpu(x, operation);
#endif
  const torch::Tensor whole = (x.size() == 1 ? x.front() : torch::cat(x, 1)).to(torch::kFloat32);
  return group_norm(whole, operation.groups, operation.weight, operation.bias, operation.activation,
                    operation.offset)
      .to(operation.type);
}

// On a CPU without bfloat16 arithmetic LibTorch adds up in bfloat16; GPUs add up in float32.

torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b) {
  if (!a.device().is_cpu()) return torch::matmul(a, b);
  return torch::matmul(a.to(torch::kFloat32), b.to(torch::kFloat32)).to(a.scalar_type());
}

torch::Tensor product_added(const torch::Tensor& addend, const torch::Tensor& a,
                            const torch::Tensor& b) {
  if (!a.device().is_cpu()) return torch::addmm(addend, a, b);
  return torch::addmm(addend.to(torch::kFloat32), a.to(torch::kFloat32), b.to(torch::kFloat32))
      .to(a.scalar_type());
}

torch::Tensor convolution(const torch::Tensor& x, const ConvolutionOperation& operation) {
  const auto type = x.device().is_cpu() ? torch::kFloat32 : x.scalar_type();
  const torch::Tensor bias = operation.bias.defined() ? operation.bias.to(type) : operation.bias;
  return at::conv2d(x.to(type), operation.weight.to(type), bias, operation.stride, operation.margin)
      .to(x.scalar_type());
}

torch::Tensor sum_of_maps(const torch::Tensor& x, const torch::Tensor& y,
                          const torch::Tensor& bias) {
#ifdef HINDSCALE_WITH_CUDA
  if (x.is_cuda()) return sum_on_gpu(x, y, bias);
#endif
  return x.to(torch::kFloat32) + y.to(torch::kFloat32) + bias.view({1, -1, 1, 1});
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
  as_gpu_type_of(x, [&]<class T>(T*) {
    if (is_adjoint) {
      device::upsample_bicubic_adjoint(call, gpu_values<const T>(fine), gpu_values<T>(x));
    } else {
      device::upsample_bicubic(call, gpu_values<const T>(x), gpu_values<T>(fine));
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
