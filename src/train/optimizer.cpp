// SPDX-License-Identifier: Apache-2.0
// AdamW over named parameters.
#include "hindscale/train/optimizer.hpp"

#include <torch/torch.h>

#include <memory>
#include <sstream>
#include <type_traits>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;

torch::optim::AdamW make_method(const NamedTensors& parameters, const OptimizerOptions& options) {
  const AdamWOptions base = AdamWOptions().betas({options.beta1, options.beta2});
  std::vector<torch::Tensor> decayed;
  std::vector<torch::Tensor> others;
  for (const auto& [name, parameter] : parameters)
    (parameter.dim() > 1 ? decayed : others).push_back(parameter);
  std::vector<torch::optim::OptimizerParamGroup> groups;
  groups.emplace_back(decayed, std::make_unique<AdamWOptions>(
                                   AdamWOptions(base).weight_decay(options.weight_decay)));
  groups.emplace_back(others, std::make_unique<AdamWOptions>(AdamWOptions(base).weight_decay(0)));
  return torch::optim::AdamW(groups, base);
}

/// The key of a parameter's state: a pointer in newer releases of LibTorch, its text in older ones.
template <class State>
auto key_of(const State& /*state*/, const torch::Tensor& parameter) {
  void* const address = parameter.unsafeGetTensorImpl();
  if constexpr (std::is_same_v<typename State::key_type, std::string>) {
    std::ostringstream text;
    text << address;
    return text.str();
  } else {
    return address;
  }
}

torch::Tensor host_copy(const torch::Tensor& tensor) {
  return tensor.detach().to(torch::kCPU).clone(torch::MemoryFormat::Contiguous);
}

torch::Tensor take(const NamedTensors& state, const std::string& name,
                   const torch::Tensor& parameter) {
  const auto found = state.find(name);
  if (found == state.end() || found->second.sizes() != parameter.sizes()) {
    throw InputError(
        {.problem = found == state.end() ? "missing tensor" : "tensor of another shape",
         .value = name,
         .why = "the optimizer needs one for each parameter",
         .advice = "restart from a checkpoint of this network"});
  }
  torch::Tensor own = torch::empty_like(parameter, parameter.options().requires_grad(false));
  own.copy_(found->second);
  return own;
}

}  // namespace

Optimizer::Optimizer(const torch::nn::Module& network, const OptimizerOptions& options)
    : parameters_(parameters_of(network)), method_(make_method(parameters_, options)) {}

void Optimizer::step(double learning_rate) {
  for (auto& group : method_.param_groups())
    static_cast<AdamWOptions&>(group.options()).lr(learning_rate);
  method_.step();
}

void Optimizer::clear_gradients() {
  for (auto& [name, parameter] : parameters_) parameter.mutable_grad() = torch::Tensor();
}

NamedTensors Optimizer::state() const {
  NamedTensors tensors;
  const auto& states =
      const_cast<torch::optim::AdamW&>(method_).state();  // LibTorch 1.13 has no const access
  for (const auto& [name, parameter] : parameters_) {
    const auto found = states.find(key_of(states, parameter));
    if (found == states.end()) continue;
    const auto& state = static_cast<const AdamWParamState&>(*found->second);
    tensors.insert_or_assign("step", torch::full({1}, state.step(), torch::kInt64));
    tensors.emplace("exp_avg." + name, host_copy(state.exp_avg()));
    tensors.emplace("exp_avg_sq." + name, host_copy(state.exp_avg_sq()));
  }
  return tensors;
}

void Optimizer::restore(const NamedTensors& state) {
  auto& states = method_.state();
  states.clear();
  if (state.empty()) return;
  torch::NoGradGuard no_gradient;
  const std::int64_t step =
      take(state, "step", torch::zeros({1}, torch::kInt64)).item<std::int64_t>();
  for (const auto& [name, parameter] : parameters_) {
    auto restored = std::make_unique<AdamWParamState>();
    restored->step(step);
    restored->exp_avg(take(state, "exp_avg." + name, parameter));
    restored->exp_avg_sq(take(state, "exp_avg_sq." + name, parameter));
    states[key_of(states, parameter)] = std::move(restored);
  }
}

double gradient_norm(const std::vector<torch::Tensor>& parameters) {
  torch::NoGradGuard no_gradient;
  std::vector<torch::Tensor> norms;
  for (const torch::Tensor& parameter : parameters) {
    if (!parameter.grad().defined()) continue;
    norms.push_back(torch::linalg_vector_norm(parameter.grad(), 2, {}, false, torch::kFloat64));
  }
  return norms.empty() ? 0 : torch::linalg_vector_norm(torch::stack(norms), 2).item<double>();
}

void scale_gradients(const std::vector<torch::Tensor>& parameters, double factor) {
  if (factor == 1) return;
  torch::NoGradGuard no_gradient;
  for (const torch::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) parameter.mutable_grad().mul_(factor);
  }
}

}  // namespace hindscale
