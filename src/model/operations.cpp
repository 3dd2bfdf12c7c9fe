// SPDX-License-Identifier: Apache-2.0
// Convolution by oneDNN whatever the batch.
#include "hindscale/model/operations.hpp"

#include <torch/torch.h>

#include <cmath>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/batch_convolution.hpp"

namespace hindscale {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class T>
T* values(const torch::Tensor& x) {
  return static_cast<T*>(x.data_ptr());
}

/// Calls `work` with a value of the type of x.
template <class Work>
void as_type_of(const torch::Tensor& x, const Work& work) {
  if (x.scalar_type() == torch::kFloat32) return work(float{});
  work(BFloat16{});
}

/// A convolution of x [n, c, h, w], float32 or bfloat16, with float32 parameters: their gradients
/// are float32 too.
class BatchConvolve : public torch::autograd::Function<BatchConvolve> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               std::int64_t stride, std::int64_t margin) {
    const torch::Tensor seen = x.contiguous(torch::MemoryFormat::ChannelsLast);
    context->save_for_backward({seen, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["margin"] = margin;
    const BatchShape shape = shape_of(seen, weight, stride, margin);
    torch::Tensor y =
        torch::empty({shape.n, shape.out_channels, shape.out(shape.height), shape.out(shape.width)},
                     seen.options().memory_format(torch::MemoryFormat::ChannelsLast));
    as_type_of(seen, [&]<class T>(T) {
      batch_convolution<T>(shape).forward(values<const T>(seen), weight.data_ptr<float>(),
                                          bias.data_ptr<float>(), values<T>(y));
    });
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], weight = saved[1];
    const torch::Tensor to_y = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    const BatchShape shape = shape_of(x, weight, context->saved_data["stride"].toInt(),
                                      context->saved_data["margin"].toInt());
    torch::Tensor to_x, to_weight = torch::empty_like(weight),
                        to_bias = torch::empty({shape.out_channels}, weight.options());
    if (context->needs_input_grad(0)) to_x = torch::empty_like(x);
    as_type_of(x, [&]<class T>(T) {
      auto& convolution = batch_convolution<T>(shape);
      convolution.to_parameters(values<const T>(x), values<const T>(to_y),
                                to_weight.data_ptr<float>(), to_bias.data_ptr<float>());
      if (to_x.defined())
        convolution.to_input(values<const T>(to_y), weight.data_ptr<float>(), values<T>(to_x));
    });
    return {to_x, to_weight, to_bias, torch::Tensor(), torch::Tensor()};
  }

 private:
  static BatchShape shape_of(const torch::Tensor& x, const torch::Tensor& weight,
                             std::int64_t stride, std::int64_t margin) {
    return {.n = x.size(0),
            .in_channels = x.size(1),
            .height = x.size(2),
            .width = x.size(3),
            .out_channels = weight.size(0),
            .kernel = weight.size(2),
            .stride = stride,
            .margin = margin};
  }
};

/// Copies the outermost `width` inner cells of an axis to the margin on the other side.
void fill_margins(const torch::Tensor& x, std::int64_t axis, std::int64_t width) {
  const std::int64_t n = x.size(axis) - 2 * width;
  x.narrow(axis, 0, width).copy_(x.narrow(axis, n, width));
  x.narrow(axis, n + width, width).copy_(x.narrow(axis, width, width));
}

/// The reverse for gradients: the margins are added to the cells they are copies of.
void fold_margins(const torch::Tensor& x, std::int64_t axis, std::int64_t width) {
  const std::int64_t n = x.size(axis) - 2 * width;
  x.narrow(axis, n, width).add_(x.narrow(axis, 0, width));
  x.narrow(axis, width, width).add_(x.narrow(axis, n + width, width));
}

torch::Tensor inner(const torch::Tensor& x, std::int64_t width) {
  return x.narrow(2, width, x.size(2) - 2 * width).narrow(3, width, x.size(3) - 2 * width);
}

/// Fewer passes over memory than the concatenations LibTorch differentiates.
class WrapEdges : public torch::autograd::Function<WrapEdges> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               std::int64_t width) {
    context->saved_data["width"] = width;
    torch::Tensor wide =
        torch::empty({x.size(0), x.size(1), x.size(2) + 2 * width, x.size(3) + 2 * width},
                     x.options().memory_format(torch::MemoryFormat::ChannelsLast));
    inner(wide, width).copy_(x);
    // The first axis fills rows of the inner columns, the second whole columns: corners are right.
    fill_margins(wide.narrow(3, width, x.size(3)), 2, width);
    fill_margins(wide, 3, width);
    return wide;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const std::int64_t width = context->saved_data["width"].toInt();
    const torch::Tensor wide = gradients[0].clone(torch::MemoryFormat::ChannelsLast);
    const std::int64_t n_columns = wide.size(3) - 2 * width;
    fold_margins(wide, 3, width);
    fold_margins(wide.narrow(3, width, n_columns), 2, width);
    return {inner(wide, width).contiguous(torch::MemoryFormat::ChannelsLast), torch::Tensor()};
  }
};

bool wraps(const torch::nn::Conv2d& layer) {
  // Found by its argument: LibTorch's own variant before version 2, the standard's since.
  return get_if<torch::enumtype::kCircular>(&layer->options.padding_mode()) != nullptr;
}

}  // namespace

torch::Tensor wrap_edges(const torch::Tensor& x, std::int64_t width) {
  HINDSCALE_ASSERT(x.dim() == 4 && width <= x.size(2) && width <= x.size(3));
  return WrapEdges::apply(x, width);
}

torch::Tensor with_two_grid_waves(const torch::Tensor& x, std::int64_t n_fields) {
  const torch::Tensor fields = x.narrow(1, 0, n_fields).contiguous();
  const auto waves_along = [&fields](std::int64_t axis) {
    const std::int64_t n = fields.size(axis);
    std::vector<std::int64_t> shape(4, 1);
    shape[static_cast<std::size_t>(axis)] = n;
    const torch::Tensor signs =
        (1 - 2 * torch::arange(n, fields.options()).remainder(2)).view(shape);
    return (fields * signs).sum(axis, true) / std::sqrt(static_cast<double>(n)) * signs;
  };
  return torch::cat(
      {fields, waves_along(3), waves_along(2), x.narrow(1, n_fields, x.size(1) - n_fields)}, 1);
}

torch::Tensor convolve(const torch::nn::Conv2d& layer, const torch::Tensor& x) {
  const torch::Tensor& weight = layer->weight;
  const torch::Tensor bias =
      layer->bias.defined() ? layer->bias : torch::zeros({weight.size(0)}, weight.options());
  const std::int64_t half = weight.size(2) / 2;
  const bool is_periodic = wraps(layer);
  const torch::Tensor seen = is_periodic ? wrap_edges(x, half) : x;
  const std::int64_t margin = is_periodic ? 0 : half;
  const bool is_ours = weight.scalar_type() == torch::kFloat32 &&
                       (x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16);
  if (x.device().is_cpu() && is_ours)
    return BatchConvolve::apply(seen, weight.contiguous(), bias, layer->options.stride()->at(0),
                                margin);
  return at::conv2d(seen, weight.to(x.scalar_type()), bias.to(x.scalar_type()),
                    *layer->options.stride(), {margin, margin}, {1, 1}, 1);
}

}  // namespace hindscale
