// SPDX-License-Identifier: Apache-2.0
// Convolutions of one sample by oneDNN, with packed weights and fused addition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "hindscale/kernel/bfloat16.hpp"
#include "hindscale/kernel/feature_map.hpp"

namespace hindscale {

struct ConvolutionShape {
  FeatureMap input;
  std::int64_t out_channels = 0;
  std::int64_t kernel = 3;  ///< odd; padded by its half
  std::int64_t stride = 1;
  Padding padding = Padding::zeros;

  [[nodiscard]] FeatureMap output() const {
    return {out_channels, input.height / stride, input.width / stride};
  }
};

enum class Store { replace, add };  ///< what happens to values already in the output

/// y = W x + b on one thread, from In to Out (float or BFloat16 each), summed in float32. Owns the
/// weights, rearranged once for this shape; may be run by several threads at a time. SystemError
/// where oneDNN cannot do it.
template <class In, class Out = In>
class Convolution {
 public:
  /// weight [out, in, kernel, kernel].
  Convolution(const ConvolutionShape& shape, const float* weight, Store store);
  ~Convolution();
  Convolution(Convolution&&) noexcept;
  Convolution& operator=(Convolution&&) noexcept;

  /// x and y as `shape().input` and `shape().output()` say; bias [out]; `scratch` of
  /// `scratch_bytes` belongs to the calling thread.
  void run(const In* x, const float* bias, Out* y, std::byte* scratch) const;

  [[nodiscard]] std::size_t scratch_bytes() const;
  [[nodiscard]] const ConvolutionShape& shape() const { return shape_; }

 private:
  struct Primitive;
  ConvolutionShape shape_;
  std::unique_ptr<Primitive> primitive_;
};

enum class BFloat16Support {
  none,       ///< no such convolutions on this processor
  emulated,   ///< by float32 arithmetic: correct, and slow
  arithmetic  ///< the processor multiplies bfloat16 numbers itself
};
BFloat16Support bfloat16_support();

}  // namespace hindscale
