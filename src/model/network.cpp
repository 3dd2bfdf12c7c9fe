// SPDX-License-Identifier: Apache-2.0
// Access to a network's parameters by name.
#include "hindscale/model/network.hpp"

#include <torch/torch.h>

#include <sstream>

#include "hindscale/core/error.hpp"

namespace hindscale {

namespace {

std::string text_of(const torch::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.scalar_type() << " " << tensor.sizes();
  return text.str();
}

}  // namespace

NamedTensors parameters_of(const torch::nn::Module& network) {
  NamedTensors parameters;
  for (const auto& item : network.named_parameters()) parameters.emplace(item.key(), item.value());
  return parameters;
}

NamedTensors copy_parameters(const torch::nn::Module& network, const std::string& prefix) {
  NamedTensors copies;
  for (const auto& [name, parameter] : parameters_of(network)) {
    copies.emplace(prefix + name,
                   parameter.detach().to(torch::kCPU).clone(torch::MemoryFormat::Contiguous));
  }
  return copies;
}

void load_parameters(torch::nn::Module& network, const NamedTensors& tensors,
                     const std::string& prefix) {
  NamedTensors parameters = parameters_of(network);
  for (const auto& [name, parameter] : parameters) {
    const auto found = tensors.find(prefix + name);
    if (found == tensors.end()) {
      throw InputError({.problem = "missing tensor",
                        .value = prefix + name,
                        .why = "the network has this parameter"});
    }
    const torch::Tensor& tensor = found->second;
    if (tensor.sizes() != parameter.sizes() || tensor.scalar_type() != parameter.scalar_type()) {
      throw InputError(
          {.problem = "tensor of another kind",
           .value = prefix + name,
           .why = "it is " + text_of(tensor) + ", the network has " + text_of(parameter),
           .advice = "use the network that the weights were trained with"});
    }
  }
  torch::NoGradGuard no_gradient;
  for (auto& [name, parameter] : parameters) parameter.copy_(tensors.at(prefix + name));
}

}  // namespace hindscale
