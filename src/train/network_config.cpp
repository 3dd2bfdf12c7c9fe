// SPDX-License-Identifier: Apache-2.0
// The network that a namelist asks for.
#include "hindscale/train/network_config.hpp"

namespace hindscale {

NetworkConfig network_config(const Options& options, std::size_t n_variables,
                             std::size_t n_conditions) {
  const ModelOptions& model = options.model;
  const bool is_custom = model.preset == "custom";
  NetworkConfig config = network_preset(is_custom ? "small" : model.preset,
                                        static_cast<std::int64_t>(n_variables + n_conditions),
                                        static_cast<std::int64_t>(n_variables));
  config.channels = model.channels;
  config.multipliers = model.multipliers;
  config.residual_blocks = model.residual_blocks;
  config.attention_levels = model.attention;
  config.attention_middle = model.attention_middle;
  config.groups = model.groups;
  config.dropout = model.dropout;
  config.two_grid_waves = model.two_grid_waves && !options.training.is_deterministic();
  if (is_custom) config.time_channels = 4 * model.channels;
  check_network_config(config);
  return config;
}

}  // namespace hindscale
