// SPDX-License-Identifier: Apache-2.0
// The UNet for evaluation on a GPU by LibTorch: channels-last, biases and additions folded into as
// few passes over memory as they take. Runs on the CPU too, where it is not fast.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hindscale/model/network.hpp"
#include "hindscale/model/operations.hpp"
#include "hindscale/model/unet.hpp"

namespace hindscale {

struct UNetStep;

/// Owns a copy of a network's parameters, on one device. What a convolution reads and writes has
/// the type of the network; what passes from block to block and adds up is float32, as are moments
/// and the embedded time.
class DeviceNetwork {
 public:
  DeviceNetwork(const UNet& network, const torch::Device& device, torch::ScalarType type);

  /// What the time adds to each block's first convolution, [1, all blocks' channels] float32: input
  /// of `forward`. `time` is [1] float32, on the device.
  [[nodiscard]] torch::Tensor offsets_at(const torch::Tensor& time) const;

  /// x [n, in, h, w] float32 on the device -> [n, out, h, w] float32. No synchronisation.
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& offsets) const;

 private:
  /// Of a normalisation, float32.
  struct Norm {
    torch::Tensor weight, bias;
  };
  struct Layer {
    torch::Tensor weight;  ///< [out, in, k, k], channels-last
    torch::Tensor bias;    ///< in the network's type, or undefined
    std::int64_t stride = 1;
  };
  struct Attention {
    Norm norm;
    Layer qkv, out;
    torch::Tensor out_bias;  ///< float32
  };
  /// The residual block; its input may be two maps side by side.
  struct Block {
    Norm first_norm, second_norm;
    torch::Tensor first, second;       ///< convolutions without their biases
    torch::Tensor bias;                ///< of `second` and of the skips together, float32
    std::vector<torch::Tensor> skips;  ///< [in, out] of each map of the input; empty: the identity
    std::int64_t i_offset = 0, channels = 0;  ///< place in the offsets
    std::vector<Attention> attention;         ///< one or none
  };
  using Step = std::variant<Block, Layer>;
  using Maps = std::vector<torch::Tensor>;  ///< one or two [n, c, h, w], channels-last

  std::vector<Step> built(const std::string& part, const std::vector<UNetStep>& plan);
  Block block_of(const std::string& name, const UNetStep& step);
  [[nodiscard]] Norm norm_of(const std::string& name) const;
  [[nodiscard]] Layer layer_of(const std::string& name, std::int64_t stride = 1) const;
  [[nodiscard]] torch::Tensor normed(const Maps& x, const Norm& norm, Activation activation,
                                     const torch::Tensor& offset = {}) const;
  [[nodiscard]] torch::Tensor run(const Block& block, const Maps& x,
                                  const torch::Tensor& offsets) const;
  [[nodiscard]] torch::Tensor convolved(const torch::Tensor& x, const Layer& layer) const;
  [[nodiscard]] torch::Tensor attended(const Attention& attention, const torch::Tensor& x) const;

  NetworkConfig config_;
  torch::ScalarType type_;
  NamedTensors parameters_;  ///< float32 on the device; while the network is built
  torch::Tensor rates_;      ///< of the sinusoids of time
  Norm output_norm_;
  Layer input_, output_;
  torch::Tensor time_in_weight_, time_in_bias_, time_out_weight_, time_out_bias_;
  torch::Tensor offset_weight_, offset_bias_;  ///< of all blocks, one below the other
  std::vector<Step> down_, middle_, up_;
};

}  // namespace hindscale
