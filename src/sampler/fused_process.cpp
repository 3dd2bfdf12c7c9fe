// SPDX-License-Identifier: Apache-2.0
#include "fused_process.hpp"

#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

View<float, 3> flat_fields(torch::Tensor& x) {
  return {x.data_ptr<float>(),
          {static_cast<std::size_t>(x.size(0) * x.size(1)), static_cast<std::size_t>(x.size(2)),
           static_cast<std::size_t>(x.size(3))}};
}

}  // namespace

FusedProcess::FusedProcess(const FieldNetwork& network, const TileWork& work,
                           const GeneratorOptions& options, const GeneratorPlace& place)
    : FieldProcess(network, work, options, place) {
  if (work.valid.empty()) return;
  const auto first = static_cast<std::int64_t>(work.share().own().first),
             last = static_cast<std::int64_t>(work.share().own().last);
  valid_ = tensor_of(work.valid.view()).to(torch::kBool).slice(1, first, last);
}

std::size_t FusedProcess::next_cut() {
  return work_.turns && work_.turns->takes_other(n_evaluations_++) ? 1 : 0;
}

torch::Tensor FusedProcess::predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                    double time) {
  torch::Tensor own = x.contiguous();
  const std::size_t i_cut = next_cut();
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

void FusedProcess::draw(std::span<const FieldJob> jobs, std::int64_t i_draw,
                        torch::Tensor& out) const {
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

torch::Tensor FusedProcess::mean_square(const torch::Tensor& x) const {
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

}  // namespace hindscale
