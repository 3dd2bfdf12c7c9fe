// SPDX-License-Identifier: Apache-2.0
#include "hindscale/sampler/generator.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/dataset/network_input.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {

FieldGenerator::FieldGenerator(UNet network, const Conditioning& conditioning,
                               const GeneratorOptions& options, torch::Device device,
                               const MeanModel& mean)
    : network_(std::move(network)),
      options_(options),
      levels_(sampling_levels(options.schedule, options.grid, options.steps)),
      layout_(conditioning.content().fine.n_rows(), conditioning.content().fine.n_columns(),
              conditioning.content().fine.periodic, options.tiling),
      device_(device) {
  const auto divisor = static_cast<std::size_t>(network_->config().divisor());
  if (options.tiling.n_rows % divisor != 0 || options.tiling.n_columns % divisor != 0) {
    throw InputError(
        {.problem = "tile size does not suit the network",
         .value = fmt::format("{}, {}", options.tiling.n_rows, options.tiling.n_columns),
         .why = fmt::format("rows and columns must be multiples of {}", divisor),
         .advice = "change tiling/size",
         .key = "tiling/size"});
  }
  if (options.sampler.kind == SamplerConfig::Kind::adaptive) {
    const bool by_time = options.grid.spacing == LevelGrid::Spacing::time;
    levels_ = {levels_.front(), by_time ? options.schedule.ratio.front() : options.grid.least, 0};
  }
  const std::size_t n_scales = options.noise_scale.size();
  if (n_scales != 0 && n_scales != conditioning.content().n_variables()) {
    throw InputError({.problem = "one noise scale for each variable of the store is needed",
                      .value = fmt::format("{}", fmt::join(options.noise_scale, ", ")),
                      .key = "sampling/noise_scale"});
  }
  network_->to(device_);
  network_->eval();
  find_work(conditioning);
  if (!mean.is_there()) return;
  GeneratorOptions mean_options = options;
  mean_options.prediction = Prediction::mean;
  mean_ = std::make_unique<FieldGenerator>(mean.network, conditioning, mean_options, device);
  mean_scale_ = mean.scale;
}

void FieldGenerator::find_work(const Conditioning& conditioning) {
  const StoreContent& content = conditioning.content();
  Array<float, 3> valid({content.n_variables(), content.fine.n_rows(), content.fine.n_columns()});
  for (std::size_t i = 0; i < valid.size(); ++i)
    valid.flat()[i] = conditioning.is_valid(i) ? 1.0F : 0.0F;
  const auto has_one = [](std::span<const float> cells) {
    return std::any_of(cells.begin(), cells.end(), [](float cell) { return cell != 0; });
  };
  Array<float, 3> cut({content.n_variables(), options_.tiling.n_rows, options_.tiling.n_columns});
  for (std::size_t i = 0; i < layout_.tiles().size(); ++i) {
    extract(valid.view(), layout_.tiles()[i], cut);
    if (has_one(cut.flat())) tiles_to_compute_.push_back(i);
  }
  if (std::find(valid.flat().begin(), valid.flat().end(), 0.0F) != valid.flat().end())
    valid_ = tensor_of(valid.view()).to(torch::kBool);
}

std::size_t FieldGenerator::fields_in_flight() const {
  if (options_.sampler.kind == SamplerConfig::Kind::adaptive) return 1;  // each has its own steps
  const std::size_t n_tiles = std::max<std::size_t>(tiles_to_compute_.size(), 1);
  return (static_cast<std::size_t>(options_.batch) + n_tiles - 1) / n_tiles;
}

void FieldGenerator::generate(std::span<const FieldJob> jobs, View<float, 4> fields) {
  const Shape<3> shape{fields.extent(1), fields.extent(2), fields.extent(3)};
  for (std::size_t first = 0; first < jobs.size(); first += fields_in_flight()) {
    const std::size_t n = std::min(fields_in_flight(), jobs.size() - first);
    generate_together(jobs.subspan(first, n),
                      {fields.data() + first * count_of(shape), {n, shape[0], shape[1], shape[2]}});
  }
}

void FieldGenerator::generate_together(std::span<const FieldJob> jobs, View<float, 4> fields) {
  const torch::NoGradGuard no_gradients;
  const torch::Tensor like = torch::empty(
      {static_cast<std::int64_t>(jobs.size()), static_cast<std::int64_t>(fields.extent(1)),
       static_cast<std::int64_t>(fields.extent(2)), static_cast<std::int64_t>(fields.extent(3))});
  const Noise noise = [&](std::int64_t i_draw, torch::Tensor& out) { draw(jobs, i_draw, out); };
  const Denoise denoise = [&](const torch::Tensor& y, double r) { return clean_field(jobs, y, r); };
  if (options_.prediction == Prediction::mean) return copy_to_view(mean_field(jobs, like), fields);
  torch::Tensor made = sample(options_.sampler, levels_, denoise, noise, like);
  if (mean_) made = masked(mean_->mean_field(jobs, like) + made * mean_scale_);
  copy_to_view(made, fields);
}

torch::Tensor FieldGenerator::mean_field(std::span<const FieldJob> jobs,
                                         const torch::Tensor& like) {
  return masked(predict(jobs, torch::zeros_like(like), 0));
}

/// Cells without data are zero in network units, in training as here.
torch::Tensor FieldGenerator::masked(const torch::Tensor& field) const {
  return valid_.defined() ? torch::where(valid_, field, torch::zeros_like(field)) : field;
}

void FieldGenerator::draw(std::span<const FieldJob> jobs, std::int64_t i_draw,
                          torch::Tensor& out) const {
  const std::size_t n_values = static_cast<std::size_t>(out.numel()) / jobs.size();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const StreamKey key{options_.seed, options_.purpose, static_cast<std::uint64_t>(jobs[i].member),
                        static_cast<std::uint64_t>(jobs[i].month.index()),
                        static_cast<std::uint32_t>(i_draw)};
    fill_noise(key, options_.noise_degrees_of_freedom,
               {out.data_ptr<float>() + i * n_values, n_values});
  }
  for (std::size_t v = 0; v < options_.noise_scale.size(); ++v)
    out.select(1, static_cast<std::int64_t>(v)).mul_(options_.noise_scale[v]);
}

torch::Tensor FieldGenerator::clean_field(std::span<const FieldJob> jobs, const torch::Tensor& y,
                                          double r) {
  HINDSCALE_ASSERT(y.size(0) == static_cast<std::int64_t>(jobs.size()));
  const double abar = 1 / (1 + r * r);
  const torch::Tensor x = y * std::sqrt(abar);
  const torch::Tensor output = predict(jobs, x, options_.schedule.time_of(r));
  return masked(denoise(options_.prediction, output, x, abar).x0);
}

torch::Tensor FieldGenerator::predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      double time) {
  const torch::Tensor state = x.contiguous();
  const Shape<4> shape{static_cast<std::size_t>(x.size(0)), static_cast<std::size_t>(x.size(1)),
                       static_cast<std::size_t>(x.size(2)), static_cast<std::size_t>(x.size(3))};
  const View<const float, 4> fields(state.data_ptr<float>(), shape);
  const std::size_t n_tiles = layout_.tiles().size();
  Array<float, 4> tiles(
      {jobs.size() * n_tiles, shape[1], options_.tiling.n_rows, options_.tiling.n_columns});
  const std::size_t n_calls = jobs.size() * tiles_to_compute_.size();
  for (std::size_t first = 0; first < n_calls; first += static_cast<std::size_t>(options_.batch))
    run_network(jobs, fields, first, tiles, time);
  torch::Tensor result = torch::empty_like(state);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const View<const float, 4> own(&tiles(i * n_tiles, 0, 0, 0),
                                   {n_tiles, shape[1], tiles.extent(2), tiles.extent(3)});
    stitch(layout_, own,
           {result.data_ptr<float>() + i * (fields.size() / shape[0]),
            {shape[1], shape[2], shape[3]}});
  }
  return result;
}

void FieldGenerator::run_network(std::span<const FieldJob> jobs, View<const float, 4> state,
                                 std::size_t first_call, View<float, 4> tiles, double time) {
  const std::size_t n_computed = tiles_to_compute_.size(), n_rows = tiles.extent(2),
                    n_columns = tiles.extent(3);
  const std::size_t n_state = state.extent(1), n_condition = n_input_channels(*jobs[0].inputs);
  const auto batch = static_cast<std::size_t>(options_.batch);
  const std::size_t n = std::min(batch, jobs.size() * n_computed - first_call);
  Array<float, 4> input({batch, n_state + n_condition, n_rows, n_columns});
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t i_job = (first_call + i) / n_computed;
    const Window& window = layout_.tiles()[tiles_to_compute_[(first_call + i) % n_computed]];
    extract(state[i_job], window, {&input(i, 0, 0, 0), {n_state, n_rows, n_columns}});
    assemble_input(*jobs[i_job].inputs, window,
                   {&input(i, n_state, 0, 0), {n_condition, n_rows, n_columns}});
  }
  const torch::Tensor times = torch::full({1}, time, torch::kFloat32).to(device_);
  const torch::Tensor output =
      network_->forward(tensor_of(input.view()).to(device_), times).to(torch::kCPU);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t i_job = (first_call + i) / n_computed,
                      i_tile = tiles_to_compute_[(first_call + i) % n_computed];
    copy_to_view(output.slice(0, static_cast<std::int64_t>(i), static_cast<std::int64_t>(i) + 1),
                 View<float, 4>(&tiles(i_job * layout_.tiles().size() + i_tile, 0, 0, 0),
                                {1, n_state, n_rows, n_columns}));
  }
}

}  // namespace hindscale
