// SPDX-License-Identifier: Apache-2.0
// Group normalisation fused with SiLU: forward and backward over channels-last memory, a sample at
// a time.
#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "hindscale/kernel/loops.hpp"
#include "hindscale/kernel/normalisation.hpp"
#include "hindscale/model/operations.hpp"
#include "samples.hpp"

namespace hindscale {

namespace {

using loops::Extent;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What is normalised, and how.
struct Forward {
  torch::Tensor x, weight, bias;
  torch::Tensor offset;  ///< [n, c] float32, or empty
  std::int64_t groups;
  Activation activation;

  [[nodiscard]] const float* offset_of(std::int64_t i) const {
    return offset.numel() > 0 ? offset.data_ptr<float>() + i * offset.size(1) : nullptr;
  }
};

Extent extent_of(const torch::Tensor& x) {
  return {.places = x.size(2) * x.size(3), .channels = x.size(1)};
}

/// Calls `work` with the number of each sample, over the threads.
template <class Work>
void each_sample(const torch::Tensor& x, const Work& work) {
  at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) work(i);
  });
}

/// Of sample `i`; scale and shift apply to x without its offset.
template <class T>
Normalisation normalisation_of(const Forward& forward, std::int64_t i) {
  const Extent extent = extent_of(forward.x);
  const float* offset = forward.offset_of(i);
  Moments moments(extent.channels);
  loops::add_moments(sample<const T>(forward.x, i), extent, moments.sum.data(),
                     moments.square_sum.data());
  if (offset != nullptr) moments.add_offset(offset, extent.places);
  Normalisation norm(moments, extent.places, forward.groups, forward.weight.data_ptr<float>(),
                     forward.bias.data_ptr<float>());
  for (std::size_t c = 0; offset != nullptr && c < norm.shift.size(); ++c)
    norm.shift[c] += norm.scale[c] * offset[c];
  return norm;
}

template <class T>
void normalise(const Forward& forward, const torch::Tensor& y) {
  const auto apply =
      forward.activation == Activation::silu ? loops::affine_silu<T, T> : loops::affine<T, T>;
  const Extent extent = extent_of(forward.x);
  each_sample(forward.x, [&](std::int64_t i) {
    const Normalisation norm = normalisation_of<T>(forward, i);
    apply(sample<const T>(forward.x, i), extent, norm.scale.data(), norm.shift.data(),
          sample<T>(y, i), extent.channels);
  });
}

/// Gradients of the parameters that one sample adds, of each channel.
struct SampleGradients {
  double *weight, *bias, *offset;
};

/// With z the normalised values, s = gradient f'(z), M values a group, d the inverse deviation and
/// xhat = (x + offset - mean) d: gradient of x = d (w s - mean of (w s) - xhat mean of (w s xhat)),
/// means over the group; that of the offset is its sum over the places. `slope` holds s and becomes
/// the gradient of x.
template <class T>
void differentiate_sample(const Forward& forward, std::int64_t i, const Normalisation& norm,
                          T* slope, const SampleGradients& to) {
  const T* x = sample<const T>(forward.x, i);
  const Extent extent = extent_of(forward.x);
  const float *weight = forward.weight.data_ptr<float>(), *offset = forward.offset_of(i);
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t a_group = channels / norm.mean.size();
  const auto places = static_cast<double>(extent.places);
  std::vector<double> sum(channels, 0.0), product_sum(channels, 0.0);
  loops::add_slope_sums(x, slope, extent, sum.data(), product_sum.data());
  std::vector<float> linear(channels), constant(channels);
  const double count = places * static_cast<double>(a_group);
  for (std::size_t g = 0; g < norm.mean.size(); ++g) {
    const double mean = norm.mean[g], inverse = norm.inverse_deviation[g];
    double weighted = 0, weighted_product = 0;
    const auto shifted_mean = [&](std::size_t c) {  // as x lacks the offset
      return offset != nullptr ? mean - static_cast<double>(offset[c]) : mean;
    };
    for (std::size_t c = g * a_group; c < (g + 1) * a_group; ++c) {
      const double along = (product_sum[c] - shifted_mean(c) * sum[c]) * inverse;  // sum of s xhat
      to.weight[c] += along;
      to.bias[c] += sum[c];
      weighted += static_cast<double>(weight[c]) * sum[c];
      weighted_product += static_cast<double>(weight[c]) * along;
    }
    const double tilt = -inverse * inverse * weighted_product / count;
    for (std::size_t c = g * a_group; c < (g + 1) * a_group; ++c) {
      linear[c] = static_cast<float>(tilt);
      constant[c] = static_cast<float>(-tilt * shifted_mean(c) - inverse * weighted / count);
    }
  }
  if (offset != nullptr) {
    Moments moments(extent.channels);
    loops::add_moments(x, extent, moments.sum.data(), moments.square_sum.data());
    for (std::size_t c = 0; c < channels; ++c) {
      to.offset[c] += static_cast<double>(norm.scale[c]) * sum[c] +
                      static_cast<double>(linear[c]) * moments.sum[c] +
                      places * static_cast<double>(constant[c]);
    }
  }
  loops::combine(x, slope, extent, norm.scale.data(), linear.data(), constant.data(), slope);
}

torch::Tensor to_tensor(const std::vector<double>& rows, std::int64_t n) {
  // Sums over samples in the order of the batch.
  torch::Tensor sums =
      torch::from_blob(const_cast<double*>(rows.data()),
                       {n, static_cast<std::int64_t>(rows.size()) / n}, torch::kFloat64);
  return sums.sum(0).to(torch::kFloat32);
}

/// Gradients of x, weight, bias and offset.
template <class T>
variable_list differentiate(const Forward& forward, const torch::Tensor& gradient) {
  const torch::Tensor& x = forward.x;
  const bool is_silu = forward.activation == Activation::silu;
  torch::Tensor slope = is_silu ? torch::empty_like(x) : gradient.clone();
  const Extent extent = extent_of(x);
  const auto n_rows = static_cast<std::size_t>(x.size(0) * extent.channels);
  std::vector<double> to_weight(n_rows, 0.0), to_bias(n_rows, 0.0), to_offset(n_rows, 0.0);
  each_sample(x, [&](std::int64_t i) {
    const Normalisation norm = normalisation_of<T>(forward, i);
    if (is_silu) {
      loops::silu_slope(sample<const T>(x, i), sample<const T>(gradient, i), extent,
                        norm.scale.data(), norm.shift.data(), sample<T>(slope, i));
    }
    const std::int64_t row = i * extent.channels;
    differentiate_sample(forward, i, norm, sample<T>(slope, i),
                         {to_weight.data() + row, to_bias.data() + row, to_offset.data() + row});
  });
  torch::Tensor offset;
  if (forward.offset.numel() > 0) {
    offset = torch::from_blob(to_offset.data(), {x.size(0), x.size(1)}, torch::kFloat64)
                 .to(torch::kFloat32);
  }
  return {slope, to_tensor(to_weight, x.size(0)), to_tensor(to_bias, x.size(0)), offset};
}

class FusedGroupNorm : public torch::autograd::Function<FusedGroupNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const torch::Tensor& offset, std::int64_t groups,
                               std::int64_t activation) {
    const torch::Tensor x = input.contiguous(torch::MemoryFormat::ChannelsLast);
    context->save_for_backward({x, weight, bias, offset});
    context->saved_data["groups"] = groups;
    context->saved_data["activation"] = activation;
    torch::Tensor y = torch::empty_like(x);
    const auto run = x.scalar_type() == torch::kFloat32 ? normalise<float> : normalise<BFloat16>;
    run({x, weight, bias, offset, groups, static_cast<Activation>(activation)}, y);
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Forward forward{saved[0],
                          saved[1],
                          saved[2],
                          saved[3],
                          context->saved_data["groups"].toInt(),
                          static_cast<Activation>(context->saved_data["activation"].toInt())};
    const torch::Tensor gradient = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    const auto run =
        forward.x.scalar_type() == torch::kFloat32 ? differentiate<float> : differentiate<BFloat16>;
    variable_list found = run(forward, gradient);
    found.resize(6);  // none for groups and activation
    return found;
  }
};

}  // namespace

torch::Tensor group_norm(const torch::Tensor& x, std::int64_t groups, const torch::Tensor& weight,
                         const torch::Tensor& bias, Activation activation,
                         const torch::Tensor& offset) {
  const bool is_ours = x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16;
  if (x.device().is_cpu() && is_ours) {
    const torch::Tensor each =
        offset.defined() ? offset.expand({x.size(0), x.size(1)}).contiguous()
                         : torch::empty({0});  // an undefined one cannot be given to autograd
    return FusedGroupNorm::apply(x, weight, bias, each, groups,
                                 static_cast<std::int64_t>(activation));
  }
  const auto type = x.scalar_type();
  const torch::Tensor moved =
      offset.defined() ? x + offset.to(type).unsqueeze(-1).unsqueeze(-1) : x;
  const torch::Tensor y = torch::group_norm(moved, groups, weight.to(type), bias.to(type));
  return activation == Activation::silu ? torch::silu(y) : y;
}

}  // namespace hindscale
