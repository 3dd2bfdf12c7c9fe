// SPDX-License-Identifier: Apache-2.0
// The network that a namelist asks for.
#include "hindscale/train/network_config.hpp"

namespace hindscale {

NetworkConfig network_config(const ModelOptions& options, std::size_t n_variables,
                             std::size_t n_conditions) {
  const bool is_custom = options.preset == "custom";
  NetworkConfig config = network_preset(is_custom ? "small" : options.preset,
                                        static_cast<std::int64_t>(n_variables + n_conditions),
                                        static_cast<std::int64_t>(n_variables));
  config.channels = options.channels;
  config.multipliers = options.multipliers;
  config.residual_blocks = options.residual_blocks;
  config.attention_levels = options.attention;
  config.attention_middle = options.attention_middle;
  config.groups = options.groups;
  config.dropout = options.dropout;
  if (is_custom) config.time_channels = 4 * options.channels;
  check_network_config(config);
  return config;
}

}  // namespace hindscale
