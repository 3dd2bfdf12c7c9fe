// SPDX-License-Identifier: Apache-2.0
// The UNet for evaluation on CPUs: each sample in one thread, channels-last, by oneDNN and fused
// passes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "hindscale/model/evaluator.hpp"
#include "hindscale/model/unet.hpp"
#include "inference_layers.hpp"

namespace hindscale::inference {

/// A 3 x 3 convolution with its bias.
template <class T>
struct Layer {
  Layer(const NamedTensors& parameters, const std::string& name, const ConvolutionShape& shape);
  void run(const T* x, float* y, std::byte* scratch) const {
    convolution.run(x, bias.data(), y, scratch);
  }
  std::vector<float> bias;
  Convolution<T, float> convolution;
};

template <class T>
class InferenceNetwork final : public Evaluator {
 public:
  InferenceNetwork(const UNet& network, std::size_t height, std::size_t width);
  void evaluate(View<const float, 4> input, double time, View<float, 4> output) override;
  [[nodiscard]] std::size_t out_channels() const override {
    return static_cast<std::size_t>(config_.out_channels);
  }
  [[nodiscard]] std::size_t bytes() const override;

 private:
  using Step = std::variant<Block<T>, Layer<T>>;
  /// What one thread needs for a sample.
  struct Memory {
    explicit Memory(const InferenceNetwork& network);
    [[nodiscard]] std::size_t bytes() const;
    Workspace<T> work;
    Buffer<float> seen;  ///< the sample with its two-grid waves, where the network sees them
    Buffer<T> input;
    std::vector<Buffer<float>> kept;  ///< outputs on the way down, for the way up
    Buffer<float> hidden, next;       ///< what a layer reads, what it writes
    Buffer<float> output;
  };

  void build(const NamedTensors& parameters);
  [[nodiscard]] BlockShape block_shape(const UNetStep& step, const FeatureMap& input) const;
  [[nodiscard]] ConvolutionShape layer_shape(const UNetStep& step, FeatureMap input) const;
  /// Makes room in the workspace for what was built last; its output.
  FeatureMap cover(const Block<T>& block);
  FeatureMap cover(const Layer<T>& layer);
  void set_time(double time);
  void provide_memory();
  /// The planes of the sample that the input layer sees, with its two-grid waves in `memory`.
  const float* gather_seen(View<const float, 3> input, Memory& memory) const;
  void run_sample(View<const float, 3> input, View<float, 3> output, Memory& memory) const;
  void go_up(Memory& memory, std::size_t i_block) const;

  NetworkConfig config_;
  FeatureMap entry_;                     ///< behind the input layer
  std::vector<FeatureMap> kept_shapes_;  ///< of all outputs on the way down
  std::size_t n_parameters_ = 0;
  std::size_t most_hidden_ = 0;  ///< values of the largest map behind the way down
  WorkspaceSize workspace_;
  Weights time_in_, time_out_;
  std::vector<Step> down_, middle_, up_;
  Layer<T> input_;
  Norm output_norm_;
  Layer<T> output_;
  double time_ = 0;
  std::vector<std::vector<float>> first_biases_;  ///< of all blocks at `time_`
  std::vector<Memory> memories_;                  ///< one a thread
};

}  // namespace hindscale::inference
