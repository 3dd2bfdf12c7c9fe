// SPDX-License-Identifier: Apache-2.0
#include "field_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "device_process.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {

std::vector<std::int64_t> TileWork::shape_of_rows(std::size_t n_jobs) const {
  return {static_cast<std::int64_t>(n_jobs), static_cast<std::int64_t>(n_variables),
          static_cast<std::int64_t>(share().own().size()),
          static_cast<std::int64_t>(layout().n_columns())};
}

torch::Tensor TileWork::total(const TileCut& cut, const TileSum& sum, std::size_t n_jobs) const {
  Array<std::int64_t, 3> own({n_jobs * n_variables, share().own().size(), layout().n_columns()});
  cut.share->total(sum.sums(), own);
  torch::Tensor fields = torch::empty(shape_of_rows(n_jobs));
  std::transform(own.flat().begin(), own.flat().end(), fields.data_ptr<float>(), TileSum::value_of);
  return fields;
}

namespace {

/// Tiles in which `valid` has a cell.
std::vector<std::size_t> tiles_with_data(const TileLayout& layout, const Array<float, 3>& valid) {
  std::vector<std::size_t> found;
  const Window& first = layout.tiles().front();
  Array<float, 3> cut({valid.extent(0), first.n_rows, first.n_columns});
  for (std::size_t i = 0; i < layout.tiles().size(); ++i) {
    extract(valid.view(), layout.tiles()[i], cut);
    if (std::ranges::count(cut.flat(), 0.0F) < static_cast<std::ptrdiff_t>(cut.size()))
      found.push_back(i);
  }
  return found;
}

TileCut share_of(TileLayout layout, const Array<float, 3>& valid, const Communicator& group) {
  const std::vector<std::size_t> with_data = tiles_with_data(layout, valid);
  const auto n_ranks = static_cast<std::size_t>(group.size());
  if (n_ranks > std::max<std::size_t>(with_data.size(), 1)) {
    throw InputError({.problem = "more ranks share a field than it has tiles with data",
                      .value = std::to_string(n_ranks),
                      .why = fmt::format("there are {}", with_data.size()),
                      .advice = "lower ensemble/ranks_per_field or tiling/size",
                      .key = "ensemble/ranks_per_field"});
  }
  const Block mine =
      block_of(static_cast<std::int64_t>(with_data.size()), group.rank(), group.size());
  TileCut cut{.layout = std::move(layout)};
  cut.n_tiles = with_data.size();
  cut.most_tiles_a_rank = (with_data.size() + n_ranks - 1) / n_ranks;
  cut.tiles.assign(with_data.begin() + mine.first, with_data.begin() + mine.last);
  Rows touched;
  if (!cut.tiles.empty()) {
    const Window &first = cut.layout.tiles()[cut.tiles.front()],
                 &last = cut.layout.tiles()[cut.tiles.back()];
    touched = {first.row, last.row + last.n_rows};
  }
  cut.share = std::make_unique<RowShare>(group, cut.layout.n_rows(), touched);
  return cut;
}

}  // namespace

std::unique_ptr<TileWork> find_work(const Conditioning& conditioning, const TilingOptions& options,
                                    const Communicator& group) {
  const StoreContent& content = conditioning.content();
  const std::size_t n_rows = content.fine.n_rows(), n_columns = content.fine.n_columns();
  auto work = std::make_unique<TileWork>();
  work->n_variables = content.n_variables();
  Array<float, 3> valid({content.n_variables(), n_rows, n_columns});
  for (std::size_t i = 0; i < valid.size(); ++i)
    valid.flat()[i] = conditioning.is_valid(i) ? 1.0F : 0.0F;
  TilingOptions tiling = options;
  const std::size_t n_cuts = options.alternate ? 2 : 1;
  if (options.alternate) work->turns.emplace(n_rows, n_columns, content.fine.periodic, options);
  for (std::size_t i = 0; i < n_cuts; ++i) {
    work->cuts.push_back(
        share_of(TileLayout(n_rows, n_columns, content.fine.periodic, tiling), valid, group));
    tiling.shifted = !tiling.shifted;
  }
  if (std::ranges::count(valid.flat(), 0.0F) > 0) work->valid = std::move(valid);
  return work;
}

FieldProcess::FieldProcess(const FieldNetwork& network, const TileWork& work,
                           const GeneratorOptions& options, const GeneratorPlace& place)
    : work_(work), options_(options), regions_(place.regions) {
  const auto batch = static_cast<std::size_t>(options.batch);
  evaluator_ = make_evaluator(network, {.height = options.tiling.n_rows,
                                        .width = options.tiling.n_columns,
                                        .precision = options.precision,
                                        .device = place.device,
                                        .batch = batch});
  for (const TileCut& cut : work.cuts)
    networks_.emplace_back(evaluator_, cut.layout, cut.tiles, batch, regions_);
}

Process FieldProcess::process(std::span<const FieldJob> jobs) {
  begin();
  Process process;
  process.denoise = [this, jobs](const torch::Tensor& y, double r) {
    n_fields_denoised_ += static_cast<std::int64_t>(jobs.size());
    const double abar = 1 / (1 + r * r);
    const torch::Tensor x = y * std::sqrt(abar);
    const torch::Tensor output = predict(jobs, x, options_.schedule.time_of(r));
    return masked(denoise(options_.prediction, output, x, abar).x0);
  };
  process.noise = [this, jobs](std::int64_t i_draw, torch::Tensor& out) {
    draw(jobs, i_draw, out);
  };
  process.mean_square = [this](const torch::Tensor& x) { return mean_square(x); };
  return process;
}

void FieldProcess::shape_noise(std::span<const FieldJob> jobs, torch::Tensor& noise) const {
  for (std::size_t v = 0; v < options_.noise_scale.size(); ++v)
    noise.select(1, static_cast<std::int64_t>(v)).mul_(options_.noise_scale[v]);
  const auto n_jobs = static_cast<std::int64_t>(jobs.size());
  const std::int64_t n_samples = noise.size(0) / n_jobs;  // of a job
  for (std::int64_t i = 0; i < n_jobs; ++i)
    if (jobs[static_cast<std::size_t>(i)].negated) noise.narrow(0, i * n_samples, n_samples).neg_();
}

std::unique_ptr<FieldProcess> make_process(const FieldNetwork& network, const TileWork& work,
                                           const GeneratorOptions& options,
                                           const GeneratorPlace& place) {
  if (options.tiling.stitching == Stitching::separate)
    return make_separate_process(network, work, options, place);
  if (place.state_on_device)
    return std::make_unique<DeviceProcess>(
        network, work, options, place,
        make_exchange(work.share().group(), place.device));  // collective, a network may fail alone
  return std::make_unique<FusedProcess>(network, work, options, place);
}

}  // namespace hindscale
