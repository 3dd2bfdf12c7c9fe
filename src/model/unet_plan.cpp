// SPDX-License-Identifier: Apache-2.0
#include "unet_plan.hpp"

#include <algorithm>

namespace hindscale {
namespace {

bool attends(const NetworkConfig& config, std::size_t level) {
  return std::ranges::count(config.attention_levels, static_cast<std::int64_t>(level)) > 0;
}

}  // namespace

UNetPlan unet_plan(const NetworkConfig& config) {
  using Kind = UNetStep::Kind;
  UNetPlan plan;
  std::int64_t current = config.channels;
  std::vector<std::int64_t> kept{current};
  for (std::size_t level = 0; level < config.multipliers.size(); ++level) {
    const std::int64_t channels = config.channels * config.multipliers[level];
    for (std::int64_t i = 0; i < config.residual_blocks; ++i) {
      plan.down.push_back({Kind::block, current, channels, attends(config, level)});
      kept.push_back(current = channels);
    }
    if (level + 1 == config.multipliers.size()) break;
    plan.down.push_back({Kind::halving, current, current});
    kept.push_back(current);
  }
  plan.middle.push_back({Kind::block, current, current, config.attention_middle});
  if (config.attention_middle) plan.middle.push_back({Kind::block, current, current});
  for (std::size_t level = config.multipliers.size(); level-- > 0;) {
    const std::int64_t channels = config.channels * config.multipliers[level];
    for (std::int64_t i = 0; i <= config.residual_blocks; ++i) {
      plan.up.push_back({Kind::block, current, channels, attends(config, level), kept.back()});
      kept.pop_back();
      current = channels;
    }
    if (level > 0) plan.up.push_back({Kind::doubling, current, current});
  }
  return plan;
}

}  // namespace hindscale
