// SPDX-License-Identifier: Apache-2.0
// The parts of a network for evaluation of one sample: weights packed, outputs in given memory.
// What passes from layer to layer, and adds up, is float32; what a convolution reads is T.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hindscale/kernel/attention.hpp"
#include "hindscale/kernel/buffer.hpp"
#include "hindscale/kernel/convolution.hpp"
#include "hindscale/model/network.hpp"
#include "hindscale/model/operations.hpp"

namespace hindscale::inference {

/// Weight and bias of a layer; a layer without bias has zeros there.
struct Weights {
  std::vector<float> weight, bias;
};
Weights weights_of(const NamedTensors& parameters, const std::string& layer);

/// x itself where T is float, else its rounded values in `memory`.
template <class T>
const T* rounded(const float* x, std::int64_t n, T* memory);

/// The most memory that any layer asks for.
struct WorkspaceSize {
  std::size_t normed = 0, inner = 0, wide = 0, scratch = 0;
  void cover(const WorkspaceSize& other);
};

/// Memory that layers share while one sample passes; one a thread.
template <class T>
struct Workspace {
  explicit Workspace(const WorkspaceSize& size)
      : normed(size.normed), inner(size.inner), wide(size.wide), scratch(size.scratch) {}
  Buffer<T> normed;  ///< normalised input of a convolution
  Buffer<T> inner;   ///< between the convolutions of a block; what attention mixed
  Buffer<T> wide;    ///< upsampled or rounded map; queries, keys and values
  Buffer<std::byte> scratch;
};

/// A feature map, or two side by side: the concatenation with a skip connection, which is never
/// made.
template <class T>
struct Input {
  const T* first = nullptr;
  std::int64_t first_channels = 0;
  const T* second = nullptr;
  std::int64_t second_channels = 0;  ///< 0: one map only
};

/// Group normalisation and activation of an input, written side by side.
class Norm {
 public:
  Norm(const NamedTensors& parameters, const std::string& layer, std::int64_t groups)
      : weights_(weights_of(parameters, layer)), groups_(groups) {}
  template <class In, class Out>
  void run(const Input<In>& x, std::int64_t places, Activation activation, Out* y) const;

 private:
  Weights weights_;
  std::int64_t groups_;
};

/// Self-attention, added in place.
template <class T>
class SelfAttention {
 public:
  SelfAttention(const NamedTensors& parameters, const std::string& layer, const FeatureMap& map,
                std::int64_t groups);
  void run(float* x, Workspace<T>& work) const;
  [[nodiscard]] WorkspaceSize workspace() const;

 private:
  FeatureMap map_;
  Norm norm_;
  std::vector<float> qkv_bias_, out_bias_;
  Convolution<T> qkv_;
  Convolution<T, float> out_;
  Attention<T> attention_;
};

struct BlockShape {
  FeatureMap first;                  ///< the input, or what it begins with
  std::int64_t second_channels = 0;  ///< of the skip connection beside it
  std::int64_t out_channels = 0;
  std::int64_t groups = 1;
  Padding padding = Padding::zeros;

  [[nodiscard]] std::int64_t in_channels() const { return first.channels + second_channels; }
  [[nodiscard]] FeatureMap output() const { return {out_channels, first.height, first.width}; }
};

/// The residual block of the UNet.
template <class T>
class Block {
 public:
  Block(const NamedTensors& parameters, const std::string& layer, const BlockShape& shape);

  /// What its first convolution adds to each channel at a time embedded so.
  [[nodiscard]] std::vector<float> first_bias(std::span<const float> embedded_time) const;

  /// y, as `shape().output()` says, is apart from the input.
  void run(const Input<float>& x, const std::vector<float>& first_bias, float* y,
           Workspace<T>& work) const;

  [[nodiscard]] WorkspaceSize workspace() const;
  [[nodiscard]] const BlockShape& shape() const { return shape_; }

 private:
  void begin_with_input(const Input<float>& x, float* y, Workspace<T>& work) const;

  BlockShape shape_;
  Norm first_norm_, second_norm_;
  Weights time_;
  std::vector<float> first_bias_, second_bias_, skip_bias_, no_bias_;
  Convolution<T> first_;
  Convolution<T, float> second_;
  std::vector<Convolution<T, float>> skips_;  ///< of each map of the input; empty: the identity
  std::optional<SelfAttention<T>> attention_;
};

}  // namespace hindscale::inference
