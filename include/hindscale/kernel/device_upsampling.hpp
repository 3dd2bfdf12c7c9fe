// SPDX-License-Identifier: Apache-2.0
// Bicubic upsampling in the memory of an NVIDIA GPU; only in builds for CUDA. LibTorch's own takes
// several times as long as all the rest of a network.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

#include "hindscale/kernel/feature_map.hpp"

namespace hindscale::device {

struct UpsamplingCall {
  FeatureMap map;  ///< the coarse one, of each sample
  std::int64_t n = 0;
  Padding padding = Padding::zeros;  ///< periodic, or the last value goes on beyond the edges
  cudaStream_t stream = nullptr;
};

/// fine [n, 2 height, 2 width, channels] of x, as in kernel/upsampling.hpp, on the device. T is
/// float or __nv_bfloat16. SystemError where CUDA refuses.
template <class T>
void upsample_bicubic(const UpsamplingCall& call, const T* x, T* fine);

/// The gradient of x from that of `fine`; each value is a sum in a fixed order.
template <class T>
void upsample_bicubic_adjoint(const UpsamplingCall& call, const T* fine, T* x);

}  // namespace hindscale::device
