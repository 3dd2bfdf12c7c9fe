// SPDX-License-Identifier: Apache-2.0
// Upsampling with its gradient.
#include <ATen/Parallel.h>
#include <torch/torch.h>

#include "device_operations.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/model/operations.hpp"
#include "samples.hpp"

namespace hindscale {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Case {
  Upsampling method;
  Padding padding;
};

/// Fills `fine` from x, or x from `fine`, where `is_adjoint`.
template <class T>
void run(const torch::Tensor& x, const torch::Tensor& fine, const Case& how, bool is_adjoint) {
  const FeatureMap map{x.size(1), x.size(2), x.size(3)};
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      if (is_adjoint) {
        upsample_adjoint(map, how.method, how.padding, sample<const T>(fine, i), sample<T>(x, i));
      } else {
        upsample(map, how.method, how.padding, sample<const T>(x, i), sample<T>(fine, i));
      }
    }
  });
}

void run_as(const torch::Tensor& x, const torch::Tensor& fine, const Case& how, bool is_adjoint) {
  if (x.is_cuda()) return upsample_on_gpu(x, fine, how.padding, is_adjoint);
  if (x.scalar_type() == torch::kFloat32) return run<float>(x, fine, how, is_adjoint);
  run<BFloat16>(x, fine, how, is_adjoint);
}

class Upsample : public torch::autograd::Function<Upsample> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               std::int64_t method, std::int64_t padding) {
    const torch::Tensor x = input.contiguous(torch::MemoryFormat::ChannelsLast);
    context->saved_data["method"] = method;
    context->saved_data["padding"] = padding;
    torch::Tensor fine = torch::empty({x.size(0), x.size(1), 2 * x.size(2), 2 * x.size(3)},
                                      x.options().memory_format(torch::MemoryFormat::ChannelsLast));
    run_as(x, fine, {static_cast<Upsampling>(method), static_cast<Padding>(padding)}, false);
    return fine;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const torch::Tensor fine = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    const Case how{static_cast<Upsampling>(context->saved_data["method"].toInt()),
                   static_cast<Padding>(context->saved_data["padding"].toInt())};
    torch::Tensor x = torch::empty({fine.size(0), fine.size(1), fine.size(2) / 2, fine.size(3) / 2},
                                   fine.options().memory_format(torch::MemoryFormat::ChannelsLast));
    run_as(x, fine, how, true);
    return {x, torch::Tensor(), torch::Tensor()};
  }
};

/// By LibTorch's own operations, on any device and in any type.
torch::Tensor interpolate(const torch::Tensor& x, Upsampling method) {
  namespace functional = torch::nn::functional;
  auto options = functional::InterpolateFuncOptions().scale_factor(std::vector<double>{2, 2});
  return method == Upsampling::nearest
             ? functional::interpolate(x, options.mode(torch::kNearest))
             : functional::interpolate(x, options.mode(torch::kBicubic).align_corners(false));
}

}  // namespace

torch::Tensor upsample(const torch::Tensor& x, Upsampling method, Padding padding) {
  HINDSCALE_ASSERT(padding == Padding::zeros || (x.size(2) > 1 && x.size(3) > 1));
  const bool is_ours = x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16;
  const bool is_here = x.device().is_cpu() || (x.is_cuda() && method == Upsampling::bicubic);
  if (is_here && is_ours) {
    return Upsample::apply(x, static_cast<std::int64_t>(method),
                           static_cast<std::int64_t>(padding));
  }
  if (method == Upsampling::nearest || padding == Padding::zeros) return interpolate(x, method);
  constexpr std::int64_t reach = 2;  // cells on each side that a bicubic value comes from
  return interpolate(wrap_edges(x, reach), method)
      .narrow(2, 2 * reach, 2 * x.size(2))
      .narrow(3, 2 * reach, 2 * x.size(3));
}

}  // namespace hindscale
