// SPDX-License-Identifier: Apache-2.0
#include "device_evaluator.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// Zeros on the host, in memory that `device` can copy from and to by itself.
torch::Tensor host_memory(const std::vector<std::int64_t>& shape, const torch::Device& device) {
  return torch::zeros(shape, torch::TensorOptions(torch::kFloat32).pinned_memory(device.is_cuda()));
}

std::vector<std::int64_t> call_shape(const EvaluatorOptions& options, std::int64_t channels) {
  return {static_cast<std::int64_t>(options.batch), channels,
          static_cast<std::int64_t>(options.height), static_cast<std::int64_t>(options.width)};
}

/// Copies `n` samples of `size` values each, over the threads.
void copy_samples(const float* from, std::size_t n, std::size_t size, float* to) {
  at::parallel_for(0, static_cast<std::int64_t>(n), 1, [&](std::int64_t first, std::int64_t last) {
    const auto begin = static_cast<std::size_t>(first) * size,
               count = static_cast<std::size_t>(last - first) * size;
    std::copy_n(from + begin, count, to + begin);
  });
}

}  // namespace

DeviceEvaluator::DeviceEvaluator(const UNet& network, const EvaluatorOptions& options)
    : network_(network, options.device, type_of(options.precision)),
      host_input_(host_memory(call_shape(options, network->config().in_channels), options.device)),
      host_time_(host_memory({1}, options.device)),
      host_output_(
          host_memory(call_shape(options, network->config().out_channels), options.device)),
      input_(host_input_.to(options.device)),
      time_(host_time_.to(options.device)),
      output_(host_output_.to(options.device)),
      recording_(options.device,
                 [this] { output_.copy_(network_.forward(input_, network_.offsets_at(time_))); }) {}

void DeviceEvaluator::evaluate(View<const float, 4> input, double time, View<float, 4> output) {
  const torch::NoGradGuard no_gradient;
  const auto batch = static_cast<std::size_t>(host_input_.size(0));
  const std::size_t a_sample = input[0].size(), a_result = output[0].size();
  HINDSCALE_ASSERT(a_sample * batch == static_cast<std::size_t>(host_input_.numel()));
  *host_time_.data_ptr<float>() = static_cast<float>(time);
  for (std::size_t first = 0; first < input.extent(0); first += batch) {
    const std::size_t n = std::min(batch, input.extent(0) - first);
    copy_samples(input.data() + first * a_sample, n, a_sample, host_input_.data_ptr<float>());
    recording_.run(
        [&] {
          input_.copy_(host_input_, /*non_blocking=*/true);
          time_.copy_(host_time_, /*non_blocking=*/true);
        },
        [&] { host_output_.copy_(output_, /*non_blocking=*/true); });
    copy_samples(host_output_.data_ptr<float>(), n, a_result, output.data() + first * a_result);
  }
}

torch::Tensor DeviceEvaluator::forward(const torch::Tensor& input, double time) {
  HINDSCALE_ASSERT(input.device() == input_.device() && input.size(1) == input_.size(1));
  const torch::NoGradGuard no_gradient;
  torch::Tensor output =
      torch::empty({input.size(0), output_.size(1), input.size(2), input.size(3)}, input.options());
  const std::int64_t batch = input_.size(0);
  for (std::int64_t first = 0; first < input.size(0); first += batch) {
    const std::int64_t n = std::min(batch, input.size(0) - first);
    recording_.run(
        [&] {
          input_.narrow(0, 0, n).copy_(input.narrow(0, first, n));
          time_.fill_(time);
        },
        [&] { output.narrow(0, first, n).copy_(output_.narrow(0, 0, n)); });
  }
  return output;
}

}  // namespace hindscale
