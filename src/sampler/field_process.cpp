// SPDX-License-Identifier: Apache-2.0
#include "field_process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

View<float, 3> flat_fields(torch::Tensor& x) {
  return {x.data_ptr<float>(),
          {static_cast<std::size_t>(x.size(0) * x.size(1)), static_cast<std::size_t>(x.size(2)),
           static_cast<std::size_t>(x.size(3))}};
}

/// One noise field a job over the whole domain; tiles are fused at every evaluation.
class FusedProcess : public FieldProcess {
 public:
  FusedProcess(const FieldNetwork& network, const TileWork& work, const GeneratorOptions& options,
               const GeneratorPlace& place)
      : FieldProcess(network, work, options, place) {
    if (work.valid.empty()) return;
    const auto first = static_cast<std::int64_t>(work.share().own().first),
               last = static_cast<std::int64_t>(work.share().own().last);
    valid_ = tensor_of(work.valid.view()).to(torch::kBool).slice(1, first, last);
  }

  [[nodiscard]] torch::Tensor like(std::size_t n_jobs) const override {
    return torch::empty(work_.shape_of_rows(n_jobs));
  }

  [[nodiscard]] torch::Tensor predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      double time) override {
    torch::Tensor own = x.contiguous();
    const std::size_t i_cut =
        work_.turns && work_.turns->takes_other(n_evaluations_) ? std::size_t{1} : 0;
    ++n_evaluations_;
    const TileCut& cut = work_.cuts[i_cut];
    const std::size_t n = work_.n_variables, n_columns = cut.layout.n_columns();
    const Rows touched = cut.touched();
    Array<float, 3> state({jobs.size() * n, touched.size(), n_columns});
    {
      const InRegion exchange(regions_, Region::exchange);
      cut.share->fill(flat_fields(own), state);
    }
    TileSum sum(cut.layout, jobs.size() * n, touched);
    networks_[i_cut].run(
        jobs, time,
        [&](TileCall call, View<float, 3> tile) {
          Window window = cut.layout.tiles()[cut.tiles[call.i_own]];
          window.row -= touched.first;
          extract({&state(call.i_job * n, 0, 0), {n, touched.size(), n_columns}}, window, tile);
        },
        [&](TileCall call, View<const float, 3> output) {
          sum.add(cut.tiles[call.i_own], call.i_job * n, output);
        });
    const InRegion exchange(regions_, Region::exchange);
    return work_.total(cut, sum, jobs.size());
  }

  [[nodiscard]] torch::Tensor masked(const torch::Tensor& state) const override {
    return valid_.defined() ? torch::where(valid_, state, torch::zeros_like(state)) : state;
  }

  [[nodiscard]] torch::Tensor rows(const torch::Tensor& state) const override { return state; }

 protected:
  void draw(std::span<const FieldJob> jobs, std::int64_t i_draw,
            torch::Tensor& out) const override {
    const std::size_t n_columns = work_.layout().n_columns(), n_rows = work_.layout().n_rows();
    const Rows own = work_.share().own();
    const View<float, 3> fields = flat_fields(out);
    for (std::size_t i = 0; i < fields.extent(0); ++i) {
      const FieldJob& job = jobs[i / work_.n_variables];
      const StreamKey key{options_.seed, options_.purpose, static_cast<std::uint64_t>(job.member),
                          static_cast<std::uint64_t>(job.month.index()),
                          static_cast<std::uint32_t>(i_draw)};
      const std::size_t first = ((i % work_.n_variables) * n_rows + own.first) * n_columns;
      fill_noise(key, options_.noise_degrees_of_freedom, first, fields[i].flat());
    }
    shape_noise(jobs, out);
  }

  /// Sums of rows, added in their order: the same on any number of ranks.
  [[nodiscard]] torch::Tensor mean_square(const torch::Tensor& x) const override {
    torch::Tensor own = x.to(torch::kFloat32).contiguous();
    const View<float, 3> fields = flat_fields(own);
    const std::size_t n_jobs = static_cast<std::size_t>(x.size(0)), n_rows = fields.extent(1);
    std::vector<double> row_sums(n_rows * n_jobs, 0.0);
    for (std::size_t i = 0; i < fields.extent(0); ++i) {
      for (std::size_t y = 0; y < n_rows; ++y) {
        for (std::size_t column = 0; column < fields.extent(2); ++column) {
          const auto value = static_cast<double>(fields(i, y, column));
          row_sums[y * n_jobs + i / work_.n_variables] += value * value;
        }
      }
    }
    const std::vector<double> all = gather_blocks(work_.share().group(), row_sums);
    torch::Tensor sums = torch::zeros({x.size(0), 1, 1, 1}, torch::kFloat64);
    for (std::size_t i = 0; i < all.size(); ++i) sums.data_ptr<double>()[i % n_jobs] += all[i];
    const std::size_t n_values =
        work_.n_variables * work_.layout().n_rows() * work_.layout().n_columns();
    return (sums / static_cast<double>(n_values)).to(x.scalar_type());
  }
};

}  // namespace

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
  const std::shared_ptr<Evaluator> evaluator =
      make_evaluator(network, {.height = options.tiling.n_rows,
                               .width = options.tiling.n_columns,
                               .precision = options.precision,
                               .device = place.device,
                               .batch = batch});
  for (const TileCut& cut : work.cuts)
    networks_.emplace_back(evaluator, cut.layout, cut.tiles, batch, regions_);
}

Process FieldProcess::process(std::span<const FieldJob> jobs) {
  n_evaluations_ = 0;
  Process process;
  process.denoise = [this, jobs](const torch::Tensor& y, double r) {
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
  return std::make_unique<FusedProcess>(network, work, options, place);
}

}  // namespace hindscale
