// SPDX-License-Identifier: Apache-2.0
// Copies between views and tensors.
#include "hindscale/model/bridge.hpp"

#include <algorithm>

namespace hindscale {

torch::Device torch_device(const Device& device) {
  if (device.kind == Device::Kind::cpu) return torch::Device(torch::kCPU);
  return torch::Device(torch::kCUDA, static_cast<torch::DeviceIndex>(device.index));
}

bool has_plain_memory(const torch::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32 &&
         tensor.is_non_overlapping_and_dense();
}

torch::Tensor copy_to_tensor(const float* values, const std::vector<std::int64_t>& shape) {
  torch::Tensor tensor = torch::empty(shape, torch::kFloat32);
  std::copy_n(values, tensor.numel(), tensor.data_ptr<float>());
  return tensor;
}

void copy_from_tensor(const torch::Tensor& tensor, float* values, std::size_t count) {
  HINDSCALE_ASSERT(tensor.numel() == static_cast<std::int64_t>(count));
  const torch::Tensor host = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  std::copy_n(host.data_ptr<float>(), count, values);
}

}  // namespace hindscale
