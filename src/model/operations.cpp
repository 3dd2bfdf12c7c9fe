// SPDX-License-Identifier: Apache-2.0
// Convolution by oneDNN whatever the batch.
#include "hindscale/model/operations.hpp"

#include <torch/torch.h>

#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The values [places of all samples, channels] in channels-last order.
torch::Tensor rows_of(const torch::Tensor& x) {
  return x.permute({0, 2, 3, 1}).reshape({-1, x.size(1)});
}

/// y = W x + b at each place.
class Pointwise : public torch::autograd::Function<Pointwise> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias) {
    context->save_for_backward({x, weight});
    const std::vector<std::int64_t> none{0, 0}, one{1, 1};
    return at::mkldnn_convolution(x, weight, bias, none, one, one, 1);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& x = saved[0];
    const torch::Tensor weight = saved[1].flatten(1);
    const torch::Tensor rows = rows_of(gradients[0].contiguous(torch::MemoryFormat::ChannelsLast));
    torch::Tensor to_x;
    if (context->needs_input_grad(0)) {
      to_x = torch::mm(rows, weight)
                 .view({x.size(0), x.size(2), x.size(3), x.size(1)})
                 .permute({0, 3, 1, 2});
    }
    const torch::Tensor to_weight = torch::mm(rows.t(), rows_of(x)).view_as(saved[1]);
    return {to_x, to_weight, rows.sum(0)};
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
  return c10::get_if<torch::enumtype::kCircular>(&layer->options.padding_mode()) != nullptr;
}

}  // namespace

torch::Tensor wrap_edges(const torch::Tensor& x, std::int64_t width) {
  HINDSCALE_ASSERT(x.dim() == 4 && width <= x.size(2) && width <= x.size(3));
  return WrapEdges::apply(x, width);
}

torch::Tensor convolve(const torch::nn::Conv2d& layer, const torch::Tensor& x) {
  const torch::Tensor weight = layer->weight.to(x.scalar_type()),
                      bias = layer->bias.defined()
                                 ? layer->bias.to(x.scalar_type())
                                 : torch::zeros({layer->weight.size(0)}, x.options());
  const bool is_ours = x.device().is_cpu() && at::hasMKLDNN();
  if (is_ours && weight.size(2) == 1) return Pointwise::apply(x, weight, bias);
  const std::int64_t half = weight.size(2) / 2;
  const bool is_periodic = wraps(layer);
  const torch::Tensor seen = is_periodic ? wrap_edges(x, half) : x;
  const std::vector<std::int64_t> padding(2, is_periodic ? 0 : half), dilation{1, 1};
  return is_ours ? at::mkldnn_convolution(seen, weight, bias, padding, *layer->options.stride(),
                                          dilation, 1)
                 : at::conv2d(seen, weight, bias, *layer->options.stride(), padding, dilation, 1);
}

}  // namespace hindscale
