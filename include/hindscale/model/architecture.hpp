// SPDX-License-Identifier: Apache-2.0
// Shapes of networks: which kind, how wide, how deep; presets, checks, cost, form in a checkpoint.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "hindscale/kernel/feature_map.hpp"
#include "hindscale/kernel/upsampling.hpp"

namespace hindscale {

/// `unet`: of the SR3 family (unet.hpp). `edsr`: enhanced deep super-resolution (edsr.hpp).
enum class Architecture { unet, edsr };

enum class DropoutUnit {
  element,
  channel
};  ///< what is dropped as one: a value, or a whole channel of a sample

/// The shape of a network. Levels are counted from 0, the input's resolution; each further level
/// halves it.
/// An EDSR has one level: `multipliers` are ones, and say by their number how often its body's grid
/// is halved; it has no attention, time, groups and dropout.
struct NetworkConfig {
  Architecture architecture = Architecture::unet;
  std::int64_t in_channels = 1;   ///< noisy field first, conditions behind it
  std::int64_t out_channels = 1;  ///< channels of the field
  std::int64_t channels = 32;     ///< of level 0 before its multiplier
  std::vector<std::int64_t> multipliers{1, 2, 2};
  std::int64_t residual_blocks = 1;  ///< a level on the way down; one more on the way up
  std::vector<std::int64_t>
      attention_levels{};  ///< levels whose residual blocks end in self-attention (one head)
  bool attention_middle =
      false;  ///< middle: residual block, attention, residual block; else one residual block
  std::int64_t time_channels =
      128;                  ///< the time embedding is channels -> 4 channels -> time_channels
  std::int64_t groups = 8;  ///< of every group normalisation
  double dropout = 0.1;     ///< probability, before the second convolution of each block
  DropoutUnit dropout_unit = DropoutUnit::element;
  Upsampling upsampling = Upsampling::nearest;
  /// `periodic`: for fields that close on themselves along both axes; bicubic upsampling then needs
  /// two cells at least along each axis of the last level. Parameters are the same either way.
  Padding padding = Padding::zeros;
  /// The input layer sees the two-grid waves of the noisy field, too (kernel/two_grid_waves.hpp): a
  /// kernel of a few cells cannot tell them from waves of nearly their length.
  bool two_grid_waves = false;

  /// Channels that the input layer sees.
  [[nodiscard]] std::int64_t seen_channels() const {
    return in_channels + (two_grid_waves ? 2 * out_channels : 0);
  }
  /// Heights and widths must be multiples of this: 2^(levels - 1).
  [[nodiscard]] std::int64_t divisor() const { return std::int64_t{1} << (multipliers.size() - 1); }
};

/// "dpdm": the published network of Ling et al. 2024 (11.1 M parameters at 4 channels in, 1 out).
/// "small": for CPUs. "edsr": the baseline of Lim et al. 2017, 16 blocks of 64 channels, on a grid
/// of half the resolution. InputError for another name.
NetworkConfig network_preset(std::string_view name, std::int64_t in_channels,
                             std::int64_t out_channels);

/// InputError where the numbers cannot make a network (not positive, channels not divisible by
/// groups, unknown level).
void check_network_config(const NetworkConfig& config);

/// Operations of one evaluation of one input in convolutions and attention, a multiply-add counted
/// as two.
double flop_of(const NetworkConfig& config, std::int64_t height, std::int64_t width);

/// What a pass of a training holds of one patch, bytes.
struct PassMemory {
  double kept = 0;     ///< for the way back: what its operations saw
  double largest = 0;  ///< of these maps
};

/// Of maps with so many bytes a value. Where a pass recomputes, its blocks keep what they saw first
/// alone, and one of them at a time the rest.
PassMemory pass_memory(const NetworkConfig& config, std::int64_t height, std::int64_t width,
                       std::int64_t bytes_a_value, bool recomputes);

/// For checkpoints. `network_from_json` throws InputError naming a missing or wrong entry.
nlohmann::json network_to_json(const NetworkConfig& config);
NetworkConfig network_from_json(const nlohmann::json& json);

}  // namespace hindscale
