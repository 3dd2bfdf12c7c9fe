// SPDX-License-Identifier: Apache-2.0
// What kernels over channels-last maps share: neighbouring channels that a thread takes together.
#pragma once

#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

#include "hindscale/core/error.hpp"

namespace hindscale::device {

constexpr std::int64_t pack_bytes = 16;  ///< the widest load of a thread

template <class T, int Size>
struct alignas(sizeof(T) * Size) Pack {
  T values[Size];
};

__device__ inline float as_float(float value) {
  return value;
}
__device__ inline float as_float(__nv_bfloat16 value) {
  return __bfloat162float(value);
}
__device__ inline void store(float value, float& to) {
  to = value;
}
__device__ inline void store(float value, __nv_bfloat16& to) {
  to = __float2bfloat16(value);
}

/// SystemError where `status` is not success.
inline void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  throw SystemError({.problem = std::string(call) + " failed", .why = cudaGetErrorString(status)});
}

}  // namespace hindscale::device
