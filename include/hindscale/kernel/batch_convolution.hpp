// SPDX-License-Identifier: Apache-2.0
// Convolutions of whole batches by oneDNN, with their gradients, for training.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>

#include "hindscale/kernel/bfloat16.hpp"

namespace hindscale {

/// Maps are channels-last: [n, height, width, channels].
struct BatchShape {
  std::int64_t n = 0, in_channels = 0, height = 0, width = 0, out_channels = 0;
  std::int64_t kernel = 3, stride = 1;
  std::int64_t margin = 1;  ///< zeros seen around the map

  [[nodiscard]] std::int64_t out(std::int64_t extent) const {
    return (extent + 2 * margin - kernel) / stride + 1;
  }
  auto operator<=>(const BatchShape&) const = default;
};

/// y = W x + b over a batch and its gradients, on OpenMP's threads. Maps are T (float or BFloat16),
/// parameters and their gradients float32, sums float32. Owns memory for packed weights: one thread
/// at a time. SystemError where oneDNN cannot do it.
template <class T>
class BatchConvolution {
 public:
  explicit BatchConvolution(const BatchShape& shape);
  ~BatchConvolution();
  BatchConvolution(const BatchConvolution&) = delete;
  BatchConvolution& operator=(const BatchConvolution&) = delete;

  /// weight [out, in, kernel, kernel], bias [out].
  void forward(const T* x, const float* weight, const float* bias, T* y);
  /// The gradient of x from that of y.
  void to_input(const T* to_y, const float* weight, T* to_x);
  /// Those of the parameters, replaced.
  void to_parameters(const T* x, const T* to_y, float* to_weight, float* to_bias);

 private:
  struct Primitives;
  std::unique_ptr<Primitives> primitives_;
};

/// That of this thread for a shape and the present number of threads, made at the first call.
template <class T>
BatchConvolution<T>& batch_convolution(const BatchShape& shape);

}  // namespace hindscale
