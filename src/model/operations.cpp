// SPDX-License-Identifier: Apache-2.0
// Convolution by oneDNN whatever the batch.
#include "hindscale/model/operations.hpp"

#include <torch/torch.h>

#include <vector>

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

}  // namespace

torch::Tensor convolve(const torch::nn::Conv2d& layer, const torch::Tensor& x) {
  if (!x.device().is_cpu() || !at::hasMKLDNN() || x.scalar_type() != torch::kFloat32)
    return layer.ptr()->forward(x);
  if (layer->weight.size(2) == 1) {
    return Pointwise::apply(
        x, layer->weight,
        layer->bias.defined() ? layer->bias : torch::zeros({layer->weight.size(0)}));
  }
  const std::vector<std::int64_t> padding(2, layer->weight.size(2) / 2), dilation{1, 1};
  return at::mkldnn_convolution(x, layer->weight, layer->bias, padding, *layer->options.stride(),
                                dilation, 1);
}

}  // namespace hindscale
