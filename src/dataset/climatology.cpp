// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "hindscale/dataset/baselines.hpp"
#include "hindscale/grid/remap.hpp"
#include "seasonal_cycle.hpp"

namespace hindscale {
namespace {

constexpr std::size_t band_bytes = std::size_t{256} << 20;  // memory one band of rows may take

/// [12, values] of cycles, one month after the other.
std::vector<float> monthly_means(const SeasonalCycles& cycles) {
  std::vector<float> means;
  for (const std::vector<double>& month : cycles.values(0))
    means.insert(means.end(), month.begin(), month.end());
  return means;
}

/// What one band of fine rows adds to the statistics.
struct BandStatistics {
  SeasonalCycles fine;  ///< [v, rows, x]
  SeasonalCycles bias;
  std::vector<float> valid;  ///< [v, rows, x]
};

struct Band {
  std::size_t first = 0;
  std::size_t n_rows = 0;
};

struct FitState {
  const StoreContent& content;
  const StoreWriter& writer;
  BilinearRemap lerp;
  std::vector<double> least;     ///< [v]
  std::vector<double> greatest;  ///< [v]
  bool has_missing = false;
};

void add_month(FitState& state, std::size_t i_month, const Band& band, BandStatistics& statistics) {
  const StoreContent& content = state.content;
  const std::size_t nv = content.n_variables(), ny = content.fine.n_rows(),
                    nx = content.fine.n_columns();
  const bool training = content.train.contains(content.months[i_month]);
  std::vector<float> truth(nv * band.n_rows * nx);
  state.writer.read_slab(store::fine, {i_month, 0, band.first, 0}, {1, nv, band.n_rows, nx}, truth);
  Array<float, 3> coarse({nv, content.coarse.n_rows(), content.coarse.n_columns()});
  if (training) {
    state.writer.read_slab(store::coarse, {i_month, 0, 0, 0},
                           {1, nv, coarse.extent(1), coarse.extent(2)}, coarse.flat());
  }
  Array<float, 2> lerp({ny, nx});
  const int month = content.months[i_month].of_year();
  for (std::size_t v = 0; v < nv; ++v) {
    if (training) state.lerp.apply(coarse.view()[v], lerp);
    for (std::size_t k = 0; k < band.n_rows * nx; ++k) {
      const std::size_t i = v * band.n_rows * nx + k;
      const double value = truth[i];
      if (std::isnan(value)) {
        statistics.valid[i] = 0;
        state.has_missing = true;
      } else if (training) {
        state.least[v] = std::min(state.least[v], value);
        state.greatest[v] = std::max(state.greatest[v], value);
        statistics.fine.add(month, i, value);
        statistics.bias.add(month, i,
                            static_cast<double>(lerp.flat()[band.first * nx + k]) - value);
      }
    }
  }
}

void fit_band(FitState& state, StoreWriter& writer, const Band& band) {
  const StoreContent& content = state.content;
  const std::size_t nv = content.n_variables(), nx = content.fine.n_columns();
  const std::size_t n = nv * band.n_rows * nx;
  BandStatistics statistics{SeasonalCycles(n), SeasonalCycles(n), std::vector<float>(n, 1)};
  if (band.n_rows > 0) {
    for (std::size_t i = 0; i < content.months.size(); ++i) add_month(state, i, band, statistics);
  }
  const std::vector<std::size_t> start{0, 0, band.first, 0}, count{12, nv, band.n_rows, nx};
  writer.write_slab(store::fine_climatology, start, count, monthly_means(statistics.fine));
  writer.write_slab(store::lerp_bias, start, count, monthly_means(statistics.bias));
  writer.write_slab(store::valid, {0, band.first, 0}, {nv, band.n_rows, nx}, statistics.valid);
}

void fit_coarse(const Communicator& comm, StoreWriter& writer, const StoreContent& content) {
  const std::size_t nv = content.n_variables(), cy = content.coarse.n_rows(),
                    cx = content.coarse.n_columns();
  SeasonalCycles cycles(nv * cy * cx);
  std::vector<float> coarse(nv * cy * cx);
  for (const std::size_t i : content.positions(content.train)) {
    writer.read_slab(store::coarse, {i, 0, 0, 0}, {1, nv, cy, cx}, coarse);
    for (std::size_t k = 0; k < coarse.size(); ++k)
      cycles.add(content.months[i].of_year(), k, coarse[k]);
  }
  writer.create(store::coarse_climatology, {12, nv, cy, cx}, StoreWriter::Layout::chunk_per_item);
  const std::vector<float> means = monthly_means(cycles);
  writer.write(store::coarse_climatology, 0, comm.is_root() ? 12 : 0,
               comm.is_root() ? std::span(means) : std::span<const float>());
}

void write_range(const Communicator& comm, StoreWriter& writer, FitState& state) {
  std::vector<double> range;
  for (std::size_t v = 0; v < state.least.size(); ++v) {
    range.push_back(all_min(comm, state.least[v]));
    range.push_back(all_max(comm, state.greatest[v]));
  }
  writer.write_whole(store::range, {state.least.size(), 2}, range);
}

}  // namespace

void fit_climatologies(const Communicator& comm, StoreWriter& writer, StoreContent& content) {
  const std::size_t nv = content.n_variables(), ny = content.fine.n_rows(),
                    nx = content.fine.n_columns();
  writer.flush();
  fit_coarse(comm, writer, content);
  for (const char* name : {store::fine_climatology, store::lerp_bias}) {
    writer.create(name, {12, nv, ny, nx}, StoreWriter::Layout::chunk_per_item);
  }
  writer.create(store::valid, {nv, ny, nx}, StoreWriter::Layout::contiguous);

  FitState state{content, writer, BilinearRemap(content.coarse, content.fine),
                 std::vector<double>(nv, std::numeric_limits<double>::infinity()),
                 std::vector<double>(nv, -std::numeric_limits<double>::infinity())};
  const std::size_t row_bytes = 12 * nv * nx * 4 * sizeof(double);
  const std::size_t rows_a_band = std::max<std::size_t>(1, band_bytes / row_bytes);
  const Block mine = block_of(static_cast<std::int64_t>(ny), comm.rank(), comm.size());
  const auto n_mine = static_cast<std::size_t>(mine.last - mine.first);
  const auto n_bands =
      all_max(comm, static_cast<std::int64_t>((n_mine + rows_a_band - 1) / rows_a_band));
  for (std::int64_t i = 0; i < n_bands; ++i) {
    const std::size_t begin = std::min(n_mine, static_cast<std::size_t>(i) * rows_a_band);
    const std::size_t end = std::min(n_mine, begin + rows_a_band);
    fit_band(state, writer, {static_cast<std::size_t>(mine.first) + begin, end - begin});
  }
  content.has_missing = any_of(comm, state.has_missing);
  write_range(comm, writer, state);
}

}  // namespace hindscale
