// SPDX-License-Identifier: Apache-2.0
// Fused passes over channels-last maps in the memory of an NVIDIA GPU; only in builds for CUDA.
// All are queued on a stream and add up in an order that depends on the size of a map alone, so
// that a sample's result is the same bits in any batch.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

namespace hindscale::device {

/// [n, places, first_channels], with [n, places, second_channels] beside it where `second` is
/// there: the concatenation with a skip connection, which is never made.
template <class T>
struct Maps {
  const T* first = nullptr;
  std::int64_t first_channels = 0;
  const T* second = nullptr;
  std::int64_t second_channels = 0;

  [[nodiscard]] __host__ __device__ std::int64_t channels() const {
    return first_channels + second_channels;
  }
};

/// A normalisation of [n, places, channels], queued on `stream`.
struct NormCall {
  std::int64_t n = 0, places = 0, groups = 1;
  bool is_silu = true;            ///< else the normalised values themselves
  const float* weight = nullptr;  ///< of each channel, on the device, as the next two
  const float* bias = nullptr;
  const float* offset = nullptr;  ///< added to x before; null: nothing
  float* memory = nullptr;        ///< of `norm_memory` values, on the device
  cudaStream_t stream = nullptr;
};

/// Values of the float32 memory that `group_norm` works in.
std::int64_t norm_memory(const NormCall& call, std::int64_t channels);

/// y [n, places, channels] = silu(normalised(x + offset)), epsilon 1e-5. In and Out are float or
/// __nv_bfloat16; at most 2048 channels, 1024 where not all counts of channels are multiples of 16
/// bytes. SystemError where CUDA refuses.
template <class In, class Out>
void group_norm(const Maps<In>& x, const NormCall& call, Out* y);

/// A sum of maps [places, channels], places of all samples together, queued on `stream`.
struct SumCall {
  std::int64_t places = 0, channels = 0;
  const float* bias = nullptr;  ///< of each channel, on the device
  cudaStream_t stream = nullptr;
};

/// sum = x + y + bias; types and limits as above.
template <class A, class B>
void sum_of_maps(const A* x, const B* y, const SumCall& call, float* sum);

}  // namespace hindscale::device
