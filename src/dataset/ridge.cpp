// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "hindscale/dataset/baselines.hpp"
#include "ridge_choice.hpp"
#include "seasonal_cycle.hpp"

namespace hindscale {

std::vector<std::size_t> ridge_window_cells(const Grid& coarse, std::size_t row, std::size_t column,
                                            int size) {
  const auto n_rows = static_cast<int>(coarse.n_rows()),
             n_columns = static_cast<int>(coarse.n_columns());
  const int half = size / 2;
  std::vector<std::size_t> cells;
  for (int dy = -half; dy <= half; ++dy) {
    const int y = std::clamp(static_cast<int>(row) + dy, 0, n_rows - 1);
    for (int dx = -half; dx <= half; ++dx) {
      const int x = static_cast<int>(column) + dx;
      const int inside = coarse.periodic ? ((x % n_columns) + n_columns) % n_columns
                                         : std::clamp(x, 0, n_columns - 1);
      cells.push_back(static_cast<std::size_t>(y * n_columns + inside));
    }
  }
  return cells;
}

namespace {

constexpr double edge_tolerance = 1e-6;  // of a degree: coordinates are often rounded

std::size_t home_of(double centre, const std::vector<double>& edges) {
  const auto above = std::lower_bound(edges.begin(), edges.end(), centre - edge_tolerance);
  const auto cell = std::clamp<std::ptrdiff_t>(above - edges.begin() - 1, 0,
                                               static_cast<std::ptrdiff_t>(edges.size()) - 2);
  return static_cast<std::size_t>(cell);
}

}  // namespace

std::vector<std::size_t> home_rows(const Grid& fine, const Grid& coarse) {
  std::vector<std::size_t> home;
  for (const double centre : fine.latitude.centre)
    home.push_back(home_of(centre, coarse.latitude.edge));
  return home;
}

std::vector<std::size_t> home_columns(const Grid& fine, const Grid& coarse) {
  std::vector<std::size_t> home;
  const double middle = (coarse.longitude.edge.front() + coarse.longitude.edge.back()) / 2;
  for (const double centre : fine.longitude.centre) {
    home.push_back(
        home_of(centre - 360 * std::round((centre - middle) / 360), coarse.longitude.edge));
  }
  return home;
}

namespace {

RidgeData load(const StoreWriter& writer, const StoreContent& content) {
  const std::size_t nt = content.months.size(), nv = content.n_variables();
  RidgeData data{content,
                 Array<float, 4>({nt, nv, content.coarse.n_rows(), content.coarse.n_columns()}),
                 home_rows(content.fine, content.coarse),
                 home_columns(content.fine, content.coarse),
                 BilinearRemap(content.coarse, content.fine),
                 cell_areas(content.fine)};
  writer.read_slab(store::coarse, {0, 0, 0, 0},
                   {nt, nv, data.coarse.extent(2), data.coarse.extent(3)}, data.coarse.flat());
  return data;
}

/// Estimates of all months of one coarse row [t, v, rows, x]; training years without their own.
std::vector<float> estimates_of(const RidgeRow& row, const StoreContent& content,
                                const RegressionFit& choice, RidgeRowFit& kept) {
  std::vector<std::size_t> all;
  for (std::size_t t = 0; t < content.months.size(); ++t) all.push_back(t);
  const bool cross_fit = content.train.n_years() > 1;
  std::vector<std::vector<float>> by_month = row.estimate(choice, std::nullopt, all, &kept);
  for (int year = content.train.first_year; cross_fit && year <= content.train.last_year; ++year) {
    const auto months = content.positions({year, year});
    auto left_out = row.estimate(choice, year, months, nullptr);
    for (std::size_t i = 0; i < left_out.size(); ++i) by_month[months[i]] = std::move(left_out[i]);
  }
  std::vector<float> flat;
  for (const auto& month : by_month) flat.insert(flat.end(), month.begin(), month.end());
  return flat;
}

/// Root mean square of the estimates' error over the training months [v, rows, x], and the sums
/// that scale it.
struct RowSpread {
  std::size_t first = 0;
  std::size_t n_rows = 0;
  std::vector<float> deviation;
  std::vector<double>
      sums;  ///< [v][squared error, variance] weighted by area, over the validation months
};

RowSpread spread_of(const RidgeRow& row, const RidgeData& data,
                    const std::vector<float>& estimates) {
  const StoreContent& content = data.content;
  const std::size_t nx = content.fine.n_columns(), n = content.n_variables() * row.n_rows() * nx;
  RowSpread spread{row.first(), row.n_rows(), std::vector<float>(n),
                   std::vector<double>(content.n_variables() * 2, 0.0)};
  const auto error = [&](std::size_t t, std::size_t i) {
    return static_cast<double>(estimates[t * n + i]) - static_cast<double>(row.truth(t)[i]);
  };
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0, count = 0;
    for (const std::size_t t : content.positions(content.train)) {
      if (std::isnan(error(t, i))) continue;
      sum += error(t, i) * error(t, i);
      count += 1;
    }
    spread.deviation[i] = static_cast<float>(std::sqrt(sum / count));
    const double area = data.area(row.first() + i / nx % row.n_rows(), i % nx);
    for (const std::size_t t : content.positions(content.validation)) {
      if (std::isnan(error(t, i)) || std::isnan(spread.deviation[i])) continue;
      const std::size_t v = i / (row.n_rows() * nx);
      spread.sums[2 * v] += area * error(t, i) * error(t, i);
      spread.sums[2 * v + 1] += area * static_cast<double>(spread.deviation[i]) *
                                static_cast<double>(spread.deviation[i]);
    }
  }
  return spread;
}

void write_spread(const Communicator& comm, StoreWriter& writer, const char* name,
                  const StoreContent& content, std::vector<RowSpread>& spreads) {
  const std::size_t nv = content.n_variables(), nx = content.fine.n_columns();
  std::vector<double> mine;
  for (const RowSpread& spread : spreads)
    mine.insert(mine.end(), spread.sums.begin(), spread.sums.end());
  const std::vector<double> all = gather_blocks(comm, mine);
  std::vector<double> totals(2 * nv, 0.0);
  for (std::size_t i = 0; i < all.size(); ++i) totals[i % (2 * nv)] += all[i];
  const std::int64_t n_turns = all_max(comm, static_cast<std::int64_t>(spreads.size()));
  for (std::size_t turn = 0; turn < static_cast<std::size_t>(n_turns); ++turn) {
    RowSpread spread = turn < spreads.size() ? std::move(spreads[turn]) : RowSpread{};
    for (std::size_t i = 0; i < spread.deviation.size(); ++i) {
      const std::size_t v = i / (spread.n_rows * nx);
      const double factor =
          totals[2 * v + 1] > 0 ? std::sqrt(totals[2 * v] / totals[2 * v + 1]) : 1.0;
      spread.deviation[i] = static_cast<float>(static_cast<double>(spread.deviation[i]) * factor);
    }
    writer.write_slab(name, {0, spread.first, 0}, {nv, spread.n_rows, nx}, spread.deviation);
  }
}

void create_arrays(StoreWriter& writer, const StoreContent& content, const RegressionFit& choice,
                   const store::Regression& names) {
  const std::size_t nt = content.months.size(), nv = content.n_variables();
  const std::size_t ny = content.fine.n_rows(), nx = content.fine.n_columns();
  const std::size_t nk =
      nv * static_cast<std::size_t>(choice.window) * static_cast<std::size_t>(choice.window);
  writer.create(names.field, {nt, nv, ny, nx}, StoreWriter::Layout::chunk_per_item);
  writer.create(names.coefficients, {ny, nv, nx, nk}, StoreWriter::Layout::chunk_per_item);
  writer.create(names.spread, {nv, ny, nx}, StoreWriter::Layout::contiguous);
  if (names.lerp_bias != store::lerp_bias)
    writer.create(names.lerp_bias, {12, nv, ny, nx}, StoreWriter::Layout::chunk_per_item);
}

/// The fit with its settings, written under the names of its arrays. Collective.
void fit_rows(const Communicator& comm, const RidgeData& data, StoreWriter& writer,
              const RegressionFit& choice, const store::Regression& names) {
  const StoreContent& content = data.content;
  const std::size_t nt = content.months.size(), nv = content.n_variables(),
                    nx = content.fine.n_columns();
  create_arrays(writer, content, choice, names);
  const std::size_t nk =
      nv * static_cast<std::size_t>(choice.window) * static_cast<std::size_t>(choice.window);
  const Block rows = coarse_rows_of(comm, content);
  const std::int64_t n_turns = all_max(comm, rows.last - rows.first);  // of the collective writes
  std::vector<RowSpread> spreads;
  for (std::int64_t turn = 0; turn < n_turns; ++turn) {
    std::vector<float> estimates;
    RidgeRowFit kept;
    std::size_t first = 0, n_rows = 0;
    if (rows.first + turn < rows.last) {
      const RidgeRow row(data, writer, static_cast<std::size_t>(rows.first + turn));
      first = row.first();
      n_rows = row.n_rows();
      if (n_rows > 0) {
        estimates = estimates_of(row, content, choice, kept);
        spreads.push_back(spread_of(row, data, estimates));
      }
    }
    writer.write_slab(names.field, {0, 0, first, 0}, {nt, nv, n_rows, nx}, estimates);
    writer.write_slab(names.coefficients, {first, 0, 0, 0}, {n_rows, nv, nx, nk},
                      kept.coefficients);
    if (names.lerp_bias != store::lerp_bias)
      writer.write_slab(names.lerp_bias, {0, 0, first, 0}, {12, nv, n_rows, nx}, kept.lerp_bias);
  }
  write_spread(comm, writer, names.spread, content, spreads);
}

void write_coarse_cycle(const Communicator& comm, const RidgeData& data, StoreWriter& writer,
                        int harmonics) {
  const StoreContent& content = data.content;
  const std::size_t nv = content.n_variables(), cy = content.coarse.n_rows(),
                    cx = content.coarse.n_columns();
  SeasonalCycles cycles(nv * cy * cx);
  for (const std::size_t t : content.positions(content.train))
    for (std::size_t i = 0; i < nv * cy * cx; ++i)
      cycles.add(content.months[t].of_year(), i, data.coarse.view()[t].data()[i]);
  std::vector<float> values;
  for (const auto& month : cycles.values(harmonics))
    if (comm.is_root()) values.insert(values.end(), month.begin(), month.end());
  const char* name = store::local_ridge.coarse_climatology;
  writer.create(name, {12, nv, cy, cx}, StoreWriter::Layout::chunk_per_item);
  writer.write(name, 0, comm.is_root() ? 12 : 0, values);
}

}  // namespace

void fit_ridge(const Communicator& comm, StoreWriter& writer, StoreContent& content,
               const DatasetOptions& options) {
  writer.flush();
  const RidgeData data = load(writer, content);
  content.ridge = choose_ridge(comm, data, writer, options);
  fit_rows(comm, data, writer, *content.ridge, store::ridge);
  if (!options.local_ridge) return;
  content.local_ridge = choose_local_ridge(comm, data, writer, options);
  write_coarse_cycle(comm, data, writer, content.local_ridge->harmonics);
  fit_rows(comm, data, writer, *content.local_ridge, store::local_ridge);
}

}  // namespace hindscale
