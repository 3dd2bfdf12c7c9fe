// SPDX-License-Identifier: Apache-2.0
#include "hindscale/model/discriminator.hpp"

#include <torch/torch.h>

#include <cmath>
#include <string>

#include "random_weights.hpp"

namespace hindscale {

SpectralConvolutionImpl::SpectralConvolutionImpl(std::int64_t in, std::int64_t out,
                                                 std::int64_t stride)
    : stride_(stride),
      weight_(register_parameter("weight", torch::empty({out, in, 3, 3}))),
      bias_(register_parameter("bias", torch::empty({out}))),
      left_(register_buffer("left", torch::full({out}, 1 / std::sqrt(static_cast<double>(out))))) {}

torch::Tensor SpectralConvolutionImpl::rows() const {
  return weight_.reshape({weight_.size(0), -1});
}

void SpectralConvolutionImpl::iterate() {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor right = torch::nn::functional::normalize(
      torch::mv(rows().t(), left_), torch::nn::functional::NormalizeFuncOptions().dim(0));
  left_.copy_(torch::nn::functional::normalize(
      torch::mv(rows(), right), torch::nn::functional::NormalizeFuncOptions().dim(0)));
}

/// The norm is |W^T u|, u the left singular vector; a gradient passes through W alone.
torch::Tensor SpectralConvolutionImpl::forward(const torch::Tensor& x) {
  const torch::Tensor norm = torch::mv(rows().t(), left_).norm();
  return torch::conv2d(x, weight_ / norm, bias_, stride_, 1);
}

DiscriminatorImpl::DiscriminatorImpl(std::int64_t in_channels, std::int64_t channels,
                                     std::uint64_t seed) {
  struct Layer {
    std::int64_t out, stride;
  };
  const std::vector<Layer> shape{
      {channels, 1}, {2 * channels, 2}, {4 * channels, 2}, {4 * channels, 1}, {1, 1}};
  std::int64_t in = in_channels;
  for (const Layer& layer : shape) {
    const std::string name = "layer" + std::to_string(layers_.size());
    layers_.push_back(register_module(name, SpectralConvolution(in, layer.out, layer.stride)));
    in = layer.out;
  }
  draw_weights(*this, {.seed = seed, .purpose = Purpose::discriminator_weights});
  constexpr int first_iterations = 10;
  for (int i = 0; i < first_iterations; ++i) iterate();
}

Judgement DiscriminatorImpl::forward(const torch::Tensor& x) {
  Judgement judgement{x.contiguous(torch::MemoryFormat::ChannelsLast)};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    judgement.values = layers_[i]->forward(judgement.values);
    if (i + 1 == layers_.size()) break;
    judgement.values = torch::leaky_relu(judgement.values, 0.2);
    judgement.features.push_back(judgement.values);
  }
  return judgement;
}

void DiscriminatorImpl::iterate() {
  for (SpectralConvolution& layer : layers_) layer->iterate();
}

}  // namespace hindscale
