// SPDX-License-Identifier: Apache-2.0
// Group normalisation fused with SiLU: forward and backward over channels-last memory, a sample at
// a time.
#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "group_norm_loops.hpp"
#include "hindscale/model/operations.hpp"

namespace hindscale {

namespace {

using group_norm_loops::Extent;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double epsilon = 1e-5;  // added to a variance, as PyTorch does

/// The normalisation of one sample as scale and shift of each channel, with the moments they come
/// from.
struct Normalisation {
  Normalisation(const float* x, const Extent& extent, std::int64_t groups, const float* weight,
                const float* bias)
      : scale(static_cast<std::size_t>(extent.channels)), shift(scale.size()) {
    std::vector<double> sum(scale.size(), 0.0), square_sum(scale.size(), 0.0);
    group_norm_loops::add_moments(x, extent, sum.data(), square_sum.data());
    const std::size_t a_group = scale.size() / static_cast<std::size_t>(groups);
    const double count = static_cast<double>(extent.places) * static_cast<double>(a_group);
    for (std::size_t first = 0; first < scale.size(); first += a_group) {
      double total = 0, squares = 0;
      for (std::size_t c = first; c < first + a_group; ++c) {
        total += sum[c];
        squares += square_sum[c];
      }
      mean.push_back(total / count);
      inverse_deviation.push_back(
          1 / std::sqrt(std::max(squares / count - mean.back() * mean.back(), 0.0) + epsilon));
      for (std::size_t c = first; c < first + a_group; ++c) {
        const double factor = static_cast<double>(weight[c]) * inverse_deviation.back();
        scale[c] = static_cast<float>(factor);
        shift[c] = static_cast<float>(static_cast<double>(bias[c]) - mean.back() * factor);
      }
    }
  }

  std::vector<float> scale, shift;              // of each channel
  std::vector<double> mean, inverse_deviation;  // of each group
};

Extent extent_of(const torch::Tensor& x) {
  return {.places = x.size(2) * x.size(3), .channels = x.size(1)};
}

void normalise_sample(const float* x, const Extent& extent, const Normalisation& norm,
                      Activation activation, float* y) {
  const auto apply =
      activation == Activation::silu ? group_norm_loops::affine_silu : group_norm_loops::affine;
  apply(x, extent, norm.scale.data(), norm.shift.data(), y);
}

/// With z the normalised values, s = gradient f'(z), M values a group, d the inverse deviation and
/// xhat = (x - mean) d: gradient of x = d (w s - mean of (w s) - xhat mean of (w s xhat)), means
/// over the group. Adds to the gradients of w and b.
void differentiate_sample(const float* x, const Extent& extent, const Normalisation& norm,
                          const float* weight, float* slope, double* to_weight, double* to_bias) {
  const auto channels = static_cast<std::size_t>(extent.channels);
  const std::size_t a_group = channels / norm.mean.size();
  std::vector<double> sum(channels, 0.0), product_sum(channels, 0.0);
  group_norm_loops::add_slope_sums(x, slope, extent, sum.data(), product_sum.data());
  std::vector<float> linear(channels), constant(channels);
  const double count = static_cast<double>(extent.places) * static_cast<double>(a_group);
  for (std::size_t g = 0; g < norm.mean.size(); ++g) {
    const double mean = norm.mean[g], inverse = norm.inverse_deviation[g];
    double weighted = 0, weighted_product = 0;
    for (std::size_t c = g * a_group; c < (g + 1) * a_group; ++c) {
      const double along = (product_sum[c] - mean * sum[c]) * inverse;  // sum of s xhat
      to_weight[c] += along;
      to_bias[c] += sum[c];
      weighted += static_cast<double>(weight[c]) * sum[c];
      weighted_product += static_cast<double>(weight[c]) * along;
    }
    const double tilt = -inverse * inverse * weighted_product / count;
    for (std::size_t c = g * a_group; c < (g + 1) * a_group; ++c) {
      linear[c] = static_cast<float>(tilt);
      constant[c] = static_cast<float>(-tilt * mean - inverse * weighted / count);
    }
  }
  group_norm_loops::combine(x, slope, extent, norm.scale.data(), linear.data(), constant.data(),
                            slope);
}

torch::Tensor to_tensor(const std::vector<double>& rows, std::int64_t n) {
  // Sums over samples in the order of the batch.
  torch::Tensor sums =
      torch::from_blob(const_cast<double*>(rows.data()),
                       {n, static_cast<std::int64_t>(rows.size()) / n}, torch::kFloat64);
  return sums.sum(0).to(torch::kFloat32);
}

class FusedGroupNorm : public torch::autograd::Function<FusedGroupNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input,
                               std::int64_t groups, const torch::Tensor& weight,
                               const torch::Tensor& bias, std::int64_t activation) {
    const torch::Tensor x = input.contiguous(torch::MemoryFormat::ChannelsLast);
    context->save_for_backward({x, weight, bias});
    context->saved_data["groups"] = groups;
    context->saved_data["activation"] = activation;
    torch::Tensor y = torch::empty_like(x);
    const Extent extent = extent_of(x);
    const std::int64_t a_sample = extent.places * extent.channels;
    const float* from = x.data_ptr<float>();
    float* to = y.data_ptr<float>();
    at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const Normalisation norm(from + i * a_sample, extent, groups, weight.data_ptr<float>(),
                                 bias.data_ptr<float>());
        normalise_sample(from + i * a_sample, extent, norm, static_cast<Activation>(activation),
                         to + i * a_sample);
      }
    });
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
    const std::int64_t groups = context->saved_data["groups"].toInt();
    const bool is_silu =
        static_cast<Activation>(context->saved_data["activation"].toInt()) == Activation::silu;
    const torch::Tensor gradient = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor slope = is_silu ? torch::empty_like(x) : gradient.clone();
    const Extent extent = extent_of(x);
    const std::int64_t a_sample = extent.places * extent.channels;
    std::vector<double> to_weight(static_cast<std::size_t>(x.size(0) * extent.channels), 0.0),
        to_bias(to_weight);
    at::parallel_for(0, x.size(0), 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) {
        const float* values = x.data_ptr<float>() + i * a_sample;
        float* slopes = slope.data_ptr<float>() + i * a_sample;
        const Normalisation norm(values, extent, groups, weight.data_ptr<float>(),
                                 bias.data_ptr<float>());
        if (is_silu) {
          group_norm_loops::silu_slope(values, gradient.data_ptr<float>() + i * a_sample, extent,
                                       norm.scale.data(), norm.shift.data(), slopes);
        }
        differentiate_sample(values, extent, norm, weight.data_ptr<float>(), slopes,
                             to_weight.data() + i * extent.channels,
                             to_bias.data() + i * extent.channels);
      }
    });
    return {slope, torch::Tensor(), to_tensor(to_weight, x.size(0)), to_tensor(to_bias, x.size(0)),
            torch::Tensor()};
  }
};

}  // namespace

torch::Tensor group_norm(const torch::Tensor& x, std::int64_t groups, const torch::Tensor& weight,
                         const torch::Tensor& bias, Activation activation) {
  if (x.device().is_cpu() && x.scalar_type() == torch::kFloat32) {
    return FusedGroupNorm::apply(x, groups, weight, bias, static_cast<std::int64_t>(activation));
  }
  const torch::Tensor y = torch::group_norm(x, groups, weight, bias, epsilon);
  return activation == Activation::silu ? torch::silu(y) : y;
}

}  // namespace hindscale
