// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/recompute.hpp"

#include <torch/torch.h>

namespace hindscale {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& time, ResidualBlockImpl* block) {
    context->save_for_backward({x, time});
    context->saved_data["block"] = reinterpret_cast<std::int64_t>(block);
    return block->forward(x, time);  // gradients are off in here
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    auto* const block = reinterpret_cast<ResidualBlockImpl*>(context->saved_data["block"].toInt());
    const at::AutoGradMode with_gradients(true);
    const torch::Tensor x = saved[0].detach().requires_grad_(),
                        time = saved[1].detach().requires_grad_();
    torch::autograd::backward({block->forward(x, time)}, {gradients[0]});
    return {x.grad(), time.grad(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor recomputed(ResidualBlockImpl& block, const torch::Tensor& x,
                         const torch::Tensor& time) {
  return Recompute::apply(x, time, &block);
}

}  // namespace hindscale
