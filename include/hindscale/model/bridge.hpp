// SPDX-License-Identifier: Apache-2.0
// The one hand-over between views and tensors, and between our device and LibTorch's.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <type_traits>
#include <vector>

#include "hindscale/comm/context.hpp"
#include "hindscale/core/array.hpp"

namespace hindscale {

torch::Device torch_device(const Device& device);

/// Whether plain loops can run over its memory: float32 on the host, dense in whatever order.
bool has_plain_memory(const torch::Tensor& tensor);

/// A float32 tensor on the host that owns a copy of `count_of(shape)` values.
torch::Tensor copy_to_tensor(const float* values, const std::vector<std::int64_t>& shape);

/// Copies a tensor of any device, layout and floating type to contiguous float32 values. The counts
/// must agree (assertion).
void copy_from_tensor(const torch::Tensor& tensor, float* values, std::size_t count);

/// A float32 tensor of the view's shape on the host; a copy.
template <class T, std::size_t N>
requires std::is_same_v < std::remove_const_t<T>,
float > torch::Tensor tensor_of(const View<T, N>& view) {
  return copy_to_tensor(view.data(),
                        std::vector<std::int64_t>(view.shape().begin(), view.shape().end()));
}

/// Copies a tensor with as many elements into the view, in row-major order of the tensor's axes.
template <std::size_t N>
void copy_to_view(const torch::Tensor& tensor, const View<float, N>& view) {
  copy_from_tensor(tensor, view.data(), view.size());
}

}  // namespace hindscale
