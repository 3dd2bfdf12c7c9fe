// SPDX-License-Identifier: Apache-2.0
// The shapes of networks: presets, checks, and their form in a checkpoint.
#include "hindscale/model/architecture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hindscale/core/error.hpp"

namespace hindscale {

namespace {

void require(bool condition, const char* problem, std::int64_t value, const std::string& why) {
  if (condition) return;
  throw InputError({.problem = problem,
                    .value = std::to_string(value),
                    .why = why,
                    .advice = "change the network's shape"});
}

template <class T>
void read(const nlohmann::json& json, const char* key, T& value) {
  try {
    json.at(key).get_to(value);
  } catch (const nlohmann::json::exception& error) {
    throw InputError({.problem = "the network's description lacks a usable entry",
                      .value = key,
                      .why = error.what()});
  }
}

/// Which of two names an entry holds.
bool is_second(const nlohmann::json& json, const char* key, const std::string& first,
               const std::string& second) {
  std::string name;
  read(json, key, name);
  if (name != first && name != second) {
    throw InputError({.problem = "unknown name in the network's description",
                      .value = name,
                      .why = key,
                      .advice = "use '" + first + "' or '" + second + "'"});
  }
  return name == second;
}

void check_edsr(const NetworkConfig& config) {
  for (const std::int64_t multiplier : config.multipliers)
    require(multiplier == 1, "multiplier", multiplier, "an EDSR is equally wide everywhere: 1");
  const auto n_attention =
      static_cast<std::int64_t>(config.attention_levels.size()) + (config.attention_middle ? 1 : 0);
  require(n_attention == 0, "number of attentions", n_attention, "an EDSR has none");
  require(config.dropout == 0, "dropout in percent",
          static_cast<std::int64_t>(100 * config.dropout), "an EDSR has none");
  require(!config.two_grid_waves, "two-grid waves", 1, "an EDSR sees no noisy field");
}

}  // namespace

NetworkConfig network_preset(std::string_view name, std::int64_t in_channels,
                             std::int64_t out_channels) {
  NetworkConfig config;
  config.in_channels = in_channels;
  config.out_channels = out_channels;
  if (name == "small") return config;
  if (name == "edsr") {
    config.architecture = Architecture::edsr;
    config.channels = 64;
    config.multipliers = {1, 1};
    config.residual_blocks = 16;
    config.dropout = 0;
    return config;
  }
  if (name != "dpdm") {
    throw InputError({.problem = "unknown preset",
                      .value = std::string(name),
                      .advice = "use 'dpdm', 'small' or 'edsr'"});
  }
  config.channels = 64;
  config.multipliers = {1, 1, 2, 4};
  config.attention_levels = {2, 3};
  config.attention_middle = true;
  config.time_channels = 64;
  config.groups = 32;
  config.dropout_unit = DropoutUnit::channel;
  config.upsampling = Upsampling::bicubic;
  return config;
}

void check_network_config(const NetworkConfig& config) {
  if (config.architecture == Architecture::edsr) check_edsr(config);
  require(config.in_channels > 0, "number of input channels", config.in_channels,
          "must be positive");
  require(config.out_channels > 0, "number of output channels", config.out_channels,
          "must be positive");
  require(!config.two_grid_waves || config.in_channels >= config.out_channels,
          "number of input channels", config.in_channels, "lacks the noisy field");
  require(config.channels > 0 && config.channels % 2 == 0, "number of channels", config.channels,
          "must be positive and even");
  require(config.residual_blocks > 0, "number of residual blocks", config.residual_blocks,
          "must be positive");
  require(config.time_channels > 0, "number of time channels", config.time_channels,
          "must be positive");
  require(config.groups > 0, "number of groups", config.groups, "must be positive");
  // All that is normalised has a multiple of `channels`.
  require(config.channels % config.groups == 0, "number of channels", config.channels,
          fmt::format("not divisible by {} groups", config.groups));
  const auto levels = static_cast<std::int64_t>(config.multipliers.size());
  require(levels >= 1 && levels <= 10, "number of levels", levels, "must be 1 to 10");
  require(config.dropout >= 0 && config.dropout < 1, "dropout in percent",
          static_cast<std::int64_t>(100 * config.dropout), "must be at least 0 and below 100");
  for (const std::int64_t multiplier : config.multipliers) {
    require(multiplier > 0, "multiplier", multiplier, "must be positive");
  }
  for (const std::int64_t level : config.attention_levels) {
    require(level >= 0 && level < levels, "attention level", level,
            fmt::format("the levels are 0 to {}", levels - 1));
  }
}

nlohmann::json network_to_json(const NetworkConfig& config) {
  nlohmann::json json{
      {"in_channels", config.in_channels},
      {"out_channels", config.out_channels},
      {"channels", config.channels},
      {"multipliers", config.multipliers},
      {"residual_blocks", config.residual_blocks},
      {"attention_levels", config.attention_levels},
      {"attention_middle", config.attention_middle},
      {"time_channels", config.time_channels},
      {"groups", config.groups},
      {"dropout", config.dropout},
      {"dropout_unit", config.dropout_unit == DropoutUnit::element ? "element" : "channel"},
      {"upsampling", config.upsampling == Upsampling::nearest ? "nearest" : "bicubic"},
      {"padding", config.padding == Padding::zeros ? "zeros" : "periodic"}};
  // A UNet's is as it was before there was a choice, so that trainings from then go on.
  if (config.architecture == Architecture::edsr) json["architecture"] = "edsr";
  if (config.two_grid_waves) json["two_grid_waves"] = true;
  return json;
}

NetworkConfig network_from_json(const nlohmann::json& json) {
  NetworkConfig config;
  read(json, "in_channels", config.in_channels);
  read(json, "out_channels", config.out_channels);
  read(json, "channels", config.channels);
  read(json, "multipliers", config.multipliers);
  read(json, "residual_blocks", config.residual_blocks);
  read(json, "attention_levels", config.attention_levels);
  read(json, "attention_middle", config.attention_middle);
  read(json, "time_channels", config.time_channels);
  read(json, "groups", config.groups);
  read(json, "dropout", config.dropout);
  const bool whole_channels = is_second(json, "dropout_unit", "element", "channel");
  config.dropout_unit = whole_channels ? DropoutUnit::channel : DropoutUnit::element;
  const bool is_bicubic = is_second(json, "upsampling", "nearest", "bicubic");
  config.upsampling = is_bicubic ? Upsampling::bicubic : Upsampling::nearest;
  // Networks from before there was a choice have no such entries.
  if (json.contains("architecture") && is_second(json, "architecture", "unet", "edsr"))
    config.architecture = Architecture::edsr;
  if (json.contains("padding") && is_second(json, "padding", "zeros", "periodic"))
    config.padding = Padding::periodic;
  if (json.contains("two_grid_waves")) read(json, "two_grid_waves", config.two_grid_waves);
  check_network_config(config);
  return config;
}

}  // namespace hindscale
