// SPDX-License-Identifier: Apache-2.0
// The adversary of a generator: tells true fields from generated ones, patch by patch.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace hindscale {

/// A 3 x 3 convolution whose weight, as a matrix, has spectral norm 1 (Miyato et al. 2018), so that
/// a layer cannot stretch a difference.
class SpectralConvolutionImpl : public torch::nn::Module {
 public:
  SpectralConvolutionImpl(std::int64_t in, std::int64_t out, std::int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);
  /// One power iteration towards the norm of the weights as they are.
  void iterate();

 private:
  [[nodiscard]] torch::Tensor rows() const;
  std::int64_t stride_;
  torch::Tensor weight_, bias_;  ///< [out, in, 3, 3], [out]
  torch::Tensor left_;           ///< [out], a buffer: the singular vector as far as it is known
};
TORCH_MODULE(SpectralConvolution);

/// The judgement of a field, and what led to it.
struct Judgement {
  torch::Tensor values;                   ///< [n, 1, h', w'], high for true: one a patch
  std::vector<torch::Tensor> features{};  ///< after each activation
};

/// A patch discriminator (Isola et al. 2017): convolutions without normalisation, two of them with
/// a stride of 2, leaky ReLU between them. Weights depend on `seed` only.
class DiscriminatorImpl : public torch::nn::Module {
 public:
  DiscriminatorImpl(std::int64_t in_channels, std::int64_t channels, std::uint64_t seed);
  /// x [n, in, h, w]: the field and what it was made from.
  Judgement forward(const torch::Tensor& x);
  /// One power iteration of every layer; ten at the start.
  void iterate();

 private:
  std::vector<SpectralConvolution> layers_;
};
TORCH_MODULE(Discriminator);

}  // namespace hindscale
