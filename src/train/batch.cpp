// SPDX-License-Identifier: Apache-2.0
// Assembly of training tensors on the host, then one copy to the device.
#include "hindscale/train/batch.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <set>

#include "hindscale/core/error.hpp"
#include "hindscale/dataset/network_input.hpp"

namespace hindscale {
namespace {

/// The values of sample `i` of a contiguous [n, channel, y, x] tensor, from its channel `first` on.
View<float, 3> channels_of(torch::Tensor& tensor, std::int64_t i, std::int64_t first) {
  const auto n_rows = tensor.size(2);
  const auto n_columns = tensor.size(3);
  float* const start = tensor.data_ptr<float>() + (i * tensor.size(1) + first) * n_rows * n_columns;
  return {start,
          {static_cast<std::size_t>(tensor.size(1) - first), static_cast<std::size_t>(n_rows),
           static_cast<std::size_t>(n_columns)}};
}

/// Turns rows round and gives each channel its sign.
void mirror(View<float, 3> field, std::span<const float> signs) {
  HINDSCALE_ASSERT(signs.size() == field.extent(0));
  for (std::size_t c = 0; c < field.extent(0); ++c) {
    for (std::size_t y = 0; 2 * y + 1 < field.extent(1); ++y) {
      float* const row = &field(c, y, 0);
      std::swap_ranges(row, row + field.extent(2), &field(c, field.extent(1) - 1 - y, 0));
    }
    const auto values = field[c].flat();
    for (float& value : values) value *= signs[c];
  }
}

/// Northward vectors, by their CMIP names.
bool points_north(const std::string& variable) {
  static const std::set<std::string> names{"vas", "va", "tauv", "vo", "tauvo"};
  return names.count(variable) != 0;
}

}  // namespace

std::vector<float> mirror_signs(const std::vector<std::string>& variables,
                                const std::vector<std::string>& channels) {
  static const std::set<std::string> odd{"month_sin", "month_cos", "latitude_sin"};
  std::vector<float> signs;
  for (const std::string& variable : variables) signs.push_back(points_north(variable) ? -1 : 1);
  for (const std::string& channel : channels) {
    const bool is_vector =
        points_north(channel.substr(0, channel.find('_'))) && !channel.ends_with("_log_scale");
    signs.push_back(is_vector || odd.count(channel) != 0 ? -1 : 1);
  }
  return signs;
}

BatchMaker::BatchMaker(SampleCache& samples, std::vector<std::size_t> positions, Schedule schedule,
                       const Options& options)
    : samples_(samples),
      positions_(std::move(positions)),
      schedule_(std::move(schedule)),
      options_(options) {}

bool BatchMaker::is_mirrored(const Patch& patch) const {
  return !options_.mirror_signs.empty() &&
         uniform({.seed = options_.seed, .purpose = Purpose::mirror, .a = patch.id}, 0) < 0.5;
}

Batch BatchMaker::make(std::span<const Patch> patches) const {
  HINDSCALE_ASSERT(!patches.empty());
  const auto first = samples_.get(positions_[patches.front().i_item]);
  const auto n = static_cast<std::int64_t>(patches.size());
  const auto n_variables = static_cast<std::int64_t>(first->target.extent(0));
  const auto n_conditions = static_cast<std::int64_t>(n_input_channels(*first));
  const auto n_rows = static_cast<std::int64_t>(patches.front().window.n_rows);
  const auto n_columns = static_cast<std::int64_t>(patches.front().window.n_columns);
  Batch batch;
  batch.input = torch::empty({n, n_variables + n_conditions, n_rows, n_columns});
  batch.weight = torch::empty({n, n_variables, n_rows, n_columns});
  torch::Tensor field = torch::empty_like(batch.weight);
  torch::Tensor noise = torch::empty_like(batch.weight);
  std::vector<double> times, abar;
  for (std::int64_t i = 0; i < n; ++i) {
    const Patch& patch = patches[static_cast<std::size_t>(i)];
    const auto sample = samples_.get(positions_[patch.i_item]);
    assemble_input(*sample, patch.window, channels_of(batch.input, i, n_variables));
    extract(sample->target, patch.window, channels_of(field, i, 0));
    extract(sample->weight, patch.window, channels_of(batch.weight, i, 0));
    if (is_mirrored(patch)) {
      const std::span<const float> signs = options_.mirror_signs;
      const auto n_fields = static_cast<std::size_t>(n_variables);
      mirror(channels_of(batch.input, i, n_variables), signs.subspan(n_fields));
      mirror(channels_of(field, i, 0), signs.first(n_fields));
      mirror(channels_of(batch.weight, i, 0), std::vector<float>(n_fields, 1.0F));
    }
    fill_noise({.seed = options_.seed, .purpose = options_.noise, .a = patch.id},
               options_.noise_degrees_of_freedom, 0, channels_of(noise, i, 0).flat());
    const auto i_level = static_cast<std::size_t>(patch.noise_level);
    times.push_back(schedule_.time[i_level]);
    abar.push_back(schedule_.abar(i_level));
    batch.patch_ids.push_back(patch.id);
  }
  batch.counts = (batch.weight > 0).sum({2, 3}).to(torch::kFloat64);
  batch.input = batch.input.to(options_.device);
  batch.weight = batch.weight.to(options_.device);
  batch.time = torch::tensor(times, torch::kFloat32).to(options_.device);
  add_fields(field.to(options_.device), noise.to(options_.device), abar, batch);
  return batch;
}

void BatchMaker::add_fields(torch::Tensor field, const torch::Tensor& noise,
                            const std::vector<double>& abar, Batch& batch) const {
  const std::int64_t n = field.size(0), n_variables = field.size(1);
  torch::Tensor state = batch.input.narrow(1, 0, n_variables);
  if (options_.prediction == Prediction::mean) {
    state.zero_();
    batch.time.zero_();
    batch.target = field;
    return;
  }
  // In double, because 1 - abar is tiny at the first times.
  const torch::Tensor share =
      torch::tensor(abar, torch::kFloat64).view({n, 1, 1, 1}).to(options_.device);
  state.copy_(add_noise(field, noise, share));
  batch.target = training_target(options_.prediction, field, noise, share).to(torch::kFloat32);
}

torch::Tensor squared_errors(const torch::Tensor& output, const Batch& batch) {
  return ((output - batch.target).square() * batch.weight).sum({2, 3});
}

void append_rows(const torch::Tensor& errors, const torch::Tensor& counts,
                 std::vector<double>& rows) {
  const torch::Tensor both =
      torch::cat({errors.detach().to(torch::kCPU, torch::kFloat64), counts}, 1).contiguous();
  rows.insert(rows.end(), both.data_ptr<double>(), both.data_ptr<double>() + both.numel());
}

}  // namespace hindscale
