// SPDX-License-Identifier: Apache-2.0
// The maps of a batch, one sample after the other.
#pragma once

#include <torch/types.h>

#include <cstdint>

namespace hindscale {

/// The values of sample `i` of maps [n, c, h, w] that lie in memory without gaps.
template <class T>
T* sample(const torch::Tensor& x, std::int64_t i) {
  return static_cast<T*>(x.data_ptr()) + i * x.size(1) * x.size(2) * x.size(3);
}

}  // namespace hindscale
