// SPDX-License-Identifier: Apache-2.0
// The UNet of the SR3 family (Saharia et al. 2021) that predicts noise or velocity from a noisy
// field and its conditions.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "hindscale/model/blocks.hpp"
#include "hindscale/model/precision.hpp"

namespace hindscale {

/// The shape of a network. Levels are counted from 0, the input's resolution; each further level
/// halves it.
struct UNetConfig {
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

  /// Heights and widths must be multiples of this: 2^(levels - 1).
  [[nodiscard]] std::int64_t divisor() const { return std::int64_t{1} << (multipliers.size() - 1); }
};

/// "dpdm": the published network of Ling et al. 2024 (11.1 M parameters at 4 channels in, 1 out).
/// "small": for CPUs. InputError for another name.
UNetConfig unet_preset(std::string_view name, std::int64_t in_channels, std::int64_t out_channels);

/// InputError where the numbers cannot make a network (not positive, channels not divisible by
/// groups, unknown level).
void check_unet(const UNetConfig& config);

/// Operations of one evaluation of one input in convolutions and attention, a multiply-add counted
/// as two.
double flop_of(const UNetConfig& config, std::int64_t height, std::int64_t width);

/// For checkpoints. `unet_from_json` throws InputError naming a missing or wrong entry.
nlohmann::json unet_to_json(const UNetConfig& config);
UNetConfig unet_from_json(const nlohmann::json& json);

/// Owns its parameters. Weights depend on `seed` only. Works channels-last inside; any input layout
/// is accepted. In eval mode and with one time for the batch, a sample's result is the same bits in
/// any batch (CPU, float32).
class UNetImpl : public torch::nn::Module {
 public:
  UNetImpl(const UNetConfig& config, std::uint64_t seed);

  /// x [n, in, h, w] float32; time [n] or [1], as the step numbers 0..T-1 (any number type) -> [n,
  /// out, h, w]. h and w are multiples of `config().divisor()` (assertion).
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& time);

  /// In train mode with dropout, call before each forward: the masks of sample i are a function of
  /// (seed, step, patch_ids[i]) and the layer only. A forward in train mode without it, or with
  /// another batch size, is an assertion.
  void set_dropout_stream(std::uint64_t seed, std::uint64_t step,
                          const std::vector<std::uint64_t>& patch_ids);

  /// Numbers of the following forward and backward passes; float32 at first. Parameters, their
  /// gradients, inputs and outputs are float32 always.
  void set_precision(Precision precision) { precision_ = precision; }

  /// Whether residual blocks compute their insides again in the backward pass, rather than keep
  /// them: less memory, one more forward pass; not at first. Gradients are the same to the order of
  /// their sums.
  void recompute_blocks(bool recompute) { recomputes_ = recompute; }

  [[nodiscard]] const UNetConfig& config() const { return config_; }

 private:
  ResidualBlock make_block(std::int64_t in, std::int64_t out, bool attention);
  [[nodiscard]] bool attends(std::size_t level) const;
  void build_down();
  void build_up();
  torch::Tensor embed_time(const torch::Tensor& time);

  UNetConfig config_;
  Precision precision_ = Precision::float32;
  bool recomputes_ = false;
  std::shared_ptr<DropoutStream> dropout_stream_;
  std::vector<std::int64_t>
      skip_channels_;  // of the outputs on the way down that the way up has yet to take
  std::uint64_t n_blocks_ = 0;
  torch::nn::Linear time_in_{nullptr}, time_out_{nullptr};
  torch::nn::Conv2d input_{nullptr}, output_{nullptr};
  torch::nn::ModuleList down_{nullptr}, middle_{nullptr}, up_{nullptr};
  NormSilu output_norm_{nullptr};
};
TORCH_MODULE(UNet);

/// The number of trainable values.
std::int64_t parameter_count(const torch::nn::Module& module);

}  // namespace hindscale
