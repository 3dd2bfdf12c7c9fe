// SPDX-License-Identifier: Apache-2.0
// What a network is to everything that trains or evaluates it, whatever its kind.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "hindscale/model/architecture.hpp"
#include "hindscale/model/precision.hpp"

namespace hindscale {

/// Owns its parameters.
class FieldNetworkImpl : public torch::nn::Module {
 public:
  explicit FieldNetworkImpl(NetworkConfig config) : config_(std::move(config)) {}

  /// x [n, in, h, w] float32; time [n] or [1], as the step numbers 0..T-1 (any number type), which
  /// a network of a mean ignores -> [n, out, h, w]. h and w are multiples of `config().divisor()`
  /// (assertion).
  virtual torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& time) = 0;

  /// The dropout masks of sample i in the next forward are a function of (seed, step, patch_ids[i])
  /// and the layer only. Nothing where there is no dropout.
  virtual void set_dropout_stream(std::uint64_t /*seed*/, std::uint64_t /*step*/,
                                  const std::vector<std::uint64_t>& /*patch_ids*/) {}

  /// Whether residual blocks compute their insides again in the backward pass, rather than keep
  /// them: less memory, one more forward pass; not at first. Gradients are the same to the order of
  /// their sums.
  virtual void recompute_blocks(bool recompute) = 0;

  /// Numbers of the following forward and backward passes; float32 at first. Parameters, their
  /// gradients, inputs and outputs are float32 always.
  void set_precision(Precision precision) { precision_ = precision; }

  [[nodiscard]] const NetworkConfig& config() const { return config_; }

 protected:
  [[nodiscard]] Precision precision() const { return precision_; }
  NetworkConfig config_;

 private:
  Precision precision_ = Precision::float32;
};

/// Shares a network of any kind; may be empty.
class FieldNetwork {
 public:
  FieldNetwork(std::nullptr_t) {}
  template <std::derived_from<FieldNetworkImpl> Kind>
  FieldNetwork(std::shared_ptr<Kind> network) : network_(std::move(network)) {}
  template <std::derived_from<FieldNetworkImpl> Kind>
  FieldNetwork(const torch::nn::ModuleHolder<Kind>& network) : network_(network.ptr()) {}

  FieldNetworkImpl* operator->() const { return network_.get(); }
  FieldNetworkImpl& operator*() const { return *network_; }
  [[nodiscard]] bool is_empty() const { return network_ == nullptr; }
  /// Null where it is of another kind.
  template <class Kind>
  [[nodiscard]] std::shared_ptr<Kind> as() const {
    return std::dynamic_pointer_cast<Kind>(network_);
  }

 private:
  std::shared_ptr<FieldNetworkImpl> network_;
};

/// A network of the configured kind; its weights depend on `seed` only. InputError as
/// `check_network_config`.
FieldNetwork make_network(const NetworkConfig& config, std::uint64_t seed);

/// A network of the same kind with copies of the weights, on the host.
FieldNetwork copy_of(const FieldNetwork& network);

/// The number of trainable values.
std::int64_t parameter_count(const torch::nn::Module& module);

}  // namespace hindscale
