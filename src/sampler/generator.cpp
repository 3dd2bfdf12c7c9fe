// SPDX-License-Identifier: Apache-2.0
#include "hindscale/sampler/generator.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "field_process.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

void require_valid(const GeneratorOptions& options, const NetworkConfig& network,
                   std::size_t n_variables) {
  const auto divisor = static_cast<std::size_t>(network.divisor());
  if (options.tiling.n_rows % divisor != 0 || options.tiling.n_columns % divisor != 0) {
    throw InputError(
        {.problem = "tile size does not suit the network",
         .value = fmt::format("{}, {}", options.tiling.n_rows, options.tiling.n_columns),
         .why = fmt::format("rows and columns must be multiples of {}", divisor),
         .advice = "change tiling/size",
         .key = "tiling/size"});
  }
  const std::size_t n_scales = options.noise_scale.size();
  if (n_scales != 0 && n_scales != n_variables) {
    throw InputError({.problem = "not one noise scale for each variable",
                      .value = fmt::format("{}", fmt::join(options.noise_scale, ", ")),
                      .key = "sampling/noise_scale"});
  }
}

std::vector<double> levels_of(const GeneratorOptions& options) {
  std::vector<double> levels = sampling_levels(options.schedule, options.grid, options.steps);
  if (options.sampler.kind != SamplerConfig::Kind::adaptive) return levels;
  const bool by_time = options.grid.spacing == LevelGrid::Spacing::time;
  return {levels.front(), by_time ? options.schedule.ratio.front() : options.grid.least, 0};
}

}  // namespace

FieldGenerator::FieldGenerator(FieldNetwork network, const Conditioning& conditioning,
                               const GeneratorOptions& options, const GeneratorPlace& workplace,
                               const MeanModel& mean)
    : options_(options), regions_(workplace.regions), levels_(levels_of(options)) {
  require_valid(options, network->config(), conditioning.content().n_variables());
  if (options_.prediction == Prediction::mean) {  // one evaluation, no noise
    options_.tiling.stitching = Stitching::taper;
    options_.tiling.alternate = false;
  }
  work_ = find_work(conditioning, options_.tiling,
                    workplace.group != nullptr ? *workplace.group : alone_);
  process_ = make_process(network, *work_, options_, workplace);
  if (!mean.is_there()) return;
  GeneratorOptions mean_options = options;
  mean_options.prediction = Prediction::mean;
  mean_ = std::make_unique<FieldGenerator>(mean.network, conditioning, mean_options, workplace);
  mean_scale_ = mean.scale;
}

FieldGenerator::~FieldGenerator() = default;

std::size_t FieldGenerator::n_tiles_computed() const {
  return work_->cuts.front().n_tiles;
}

std::int64_t FieldGenerator::n_fields_denoised() const {
  return process_->n_fields_denoised();
}

std::size_t FieldGenerator::fields_in_flight() const {
  if (options_.sampler.kind == SamplerConfig::Kind::adaptive) return 1;  // each has its own steps
  const std::size_t n_tiles = std::max<std::size_t>(work_->cuts.front().most_tiles_a_rank, 1);
  return (static_cast<std::size_t>(options_.batch) + n_tiles - 1) / n_tiles;
}

void FieldGenerator::generate(std::span<const FieldJob> jobs, View<float, 4> fields) {
  const InRegion sampling(regions_, Region::sampling);
  const std::size_t n_values = fields.size() / std::max<std::size_t>(fields.extent(0), 1);
  for (std::size_t first = 0; first < jobs.size(); first += fields_in_flight()) {
    const std::size_t n = std::min(fields_in_flight(), jobs.size() - first);
    generate_together(jobs.subspan(first, n),
                      {fields.data() + first * n_values,
                       {n, fields.extent(1), fields.extent(2), fields.extent(3)}});
  }
}

void FieldGenerator::generate_together(std::span<const FieldJob> jobs, View<float, 4> fields) {
  const torch::NoGradGuard no_gradients;
  torch::Tensor made;
  if (options_.prediction == Prediction::mean) {
    made = mean_field(jobs);
  } else {
    made = process_
               ->rows(sample(options_.sampler, levels_, process_->process(jobs),
                             process_->like(jobs.size())))
               .to(torch::kCPU);
  }
  if (mean_) made = mean_->shared_mean_fields(jobs) + made * mean_scale_;
  made = made.contiguous();
  const auto size = [&](std::int64_t axis) { return static_cast<std::size_t>(made.size(axis)); };
  const View<const float, 3> own(made.data_ptr<float>(), {size(0) * size(1), size(2), size(3)});
  const InRegion exchange(regions_, Region::exchange);
  work_->share().collect(
      own,
      {fields.data(), {fields.extent(0) * fields.extent(1), fields.extent(2), fields.extent(3)}});
}

torch::Tensor FieldGenerator::shared_mean_fields(std::span<const FieldJob> jobs) {
  std::vector<FieldJob> distinct;
  std::vector<std::int64_t> places;
  for (const FieldJob& job : jobs) {
    const auto same = std::ranges::find(distinct, job.inputs, &FieldJob::inputs);
    places.push_back(same - distinct.begin());
    if (same == distinct.end()) distinct.push_back(job);
  }
  return mean_field(distinct).index_select(0, torch::tensor(places));
}

torch::Tensor FieldGenerator::mean_field(std::span<const FieldJob> jobs) {
  const torch::Tensor nothing = torch::zeros_like(process_->like(jobs.size()));
  process_->begin();
  return process_->masked(process_->predict(jobs, nothing, 0)).to(torch::kCPU);
}

}  // namespace hindscale
