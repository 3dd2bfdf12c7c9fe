// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/field_network.hpp"

#include "hindscale/model/edsr.hpp"
#include "hindscale/model/network.hpp"
#include "hindscale/model/unet.hpp"

namespace hindscale {

FieldNetwork make_network(const NetworkConfig& config, std::uint64_t seed) {
  if (config.architecture == Architecture::edsr) return Edsr(config, seed);
  return UNet(config, seed);
}

FieldNetwork copy_of(const FieldNetwork& network) {
  constexpr std::uint64_t any_seed = 0;
  FieldNetwork copy = make_network(network->config(), any_seed);
  load_parameters(*copy, copy_parameters(*network, ""), "");
  return copy;
}

std::int64_t parameter_count(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

}  // namespace hindscale
