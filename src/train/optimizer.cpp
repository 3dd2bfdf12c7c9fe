// SPDX-License-Identifier: Apache-2.0
// AdamW over named parameters.
#include "hindscale/train/optimizer.hpp"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/weight_updates.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

constexpr double epsilon = 1e-8;
constexpr std::int64_t grain = 32768;  // values a thread takes at least

/// The gradient with the strides of its weight.
torch::Tensor like(const torch::Tensor& gradient, const torch::Tensor& weight) {
  if (gradient.strides() == weight.strides()) return gradient;
  return torch::empty_like(weight, weight.options().requires_grad(false)).copy_(gradient);
}

void update_in_one_pass(const loops::AdamStep& step, const torch::Tensor& gradient,
                        const loops::AdamMemory& memory) {
  const auto* const slopes = gradient.data_ptr<float>();
  at::parallel_for(0, memory.n, grain, [&](std::int64_t first, std::int64_t last) {
    loops::adamw(
        step, slopes + first,
        {memory.weight + first, memory.first + first, memory.second + first, last - first});
  });
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
    : options_(options) {
  torch::NoGradGuard no_gradient;
  for (const auto& [name, weight] : parameters_of(network)) {
    const double weight_decay = weight.dim() > 1 ? options.weight_decay : 0;
    slots_.emplace(
        name, Slot{weight, torch::zeros_like(weight), torch::zeros_like(weight), weight_decay});
  }
}

void Optimizer::step(double learning_rate) {
  torch::NoGradGuard no_gradient;
  ++n_steps_;
  const auto n = static_cast<double>(n_steps_);
  const double rate = learning_rate / (1 - std::pow(options_.beta1, n));
  const double inverse_root = 1 / std::sqrt(1 - std::pow(options_.beta2, n));
  for (auto& [name, slot] : slots_) {
    if (!slot.weight.grad().defined()) continue;
    const double shrink = 1 - learning_rate * slot.weight_decay;
    if (has_plain_memory(slot.weight)) {
      update_in_one_pass({static_cast<float>(options_.beta1), static_cast<float>(options_.beta2),
                          static_cast<float>(rate), static_cast<float>(shrink),
                          static_cast<float>(inverse_root), static_cast<float>(epsilon)},
                         like(slot.weight.grad(), slot.weight),
                         {slot.weight.data_ptr<float>(), slot.first.data_ptr<float>(),
                          slot.second.data_ptr<float>(), slot.weight.numel()});
    } else {
      const torch::Tensor& gradient = slot.weight.grad();
      slot.first.lerp_(gradient, 1 - options_.beta1);
      slot.second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
      slot.weight.mul_(shrink).addcdiv_(slot.first,
                                        slot.second.sqrt().mul_(inverse_root).add_(epsilon), -rate);
    }
  }
}

void Optimizer::clear_gradients() {
  for (auto& [name, slot] : slots_) slot.weight.mutable_grad() = torch::Tensor();
}

NamedTensors Optimizer::state() const {
  NamedTensors tensors;
  if (n_steps_ == 0) return tensors;
  tensors.emplace("step", torch::full({1}, n_steps_, torch::kInt64));
  for (const auto& [name, slot] : slots_) {
    tensors.emplace("exp_avg." + name, host_copy(slot.first));
    tensors.emplace("exp_avg_sq." + name, host_copy(slot.second));
  }
  return tensors;
}

void Optimizer::restore(const NamedTensors& state) {
  torch::NoGradGuard no_gradient;
  n_steps_ = 0;
  if (!state.empty()) {
    n_steps_ = take(state, "step", torch::zeros({1}, torch::kInt64)).item<std::int64_t>();
  }
  for (auto& [name, slot] : slots_) {
    slot.first = state.empty() ? torch::zeros_like(slot.weight)
                               : take(state, "exp_avg." + name, slot.weight);
    slot.second = state.empty() ? torch::zeros_like(slot.weight)
                                : take(state, "exp_avg_sq." + name, slot.weight);
  }
}

double gradient_norm(const std::vector<torch::Tensor>& parameters) {
  torch::NoGradGuard no_gradient;
  double square_sum = 0;
  std::vector<torch::Tensor> others;  // read back from a device at once
  for (const torch::Tensor& parameter : parameters) {
    const torch::Tensor& gradient = parameter.grad();
    if (!gradient.defined()) continue;
    if (has_plain_memory(gradient)) {
      square_sum += loops::square_sum(gradient.data_ptr<float>(), gradient.numel());
    } else {
      others.push_back(torch::linalg_vector_norm(gradient, 2, {}, false, torch::kFloat64));
    }
  }
  if (!others.empty())
    square_sum += std::pow(torch::linalg_vector_norm(torch::stack(others), 2).item<double>(), 2);
  return std::sqrt(square_sum);
}

void scale_gradients(const std::vector<torch::Tensor>& parameters, double factor) {
  if (factor == 1) return;
  torch::NoGradGuard no_gradient;
  for (const torch::Tensor& parameter : parameters) {
    if (parameter.grad().defined()) parameter.mutable_grad().mul_(factor);
  }
}

}  // namespace hindscale
