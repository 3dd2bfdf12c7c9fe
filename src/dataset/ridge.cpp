// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hindscale/dataset/baselines.hpp"
#include "ridge_row.hpp"

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

/// The coarse rows of this rank, and how many turns the collective writes take.
struct Share {
  Block rows;
  std::int64_t n_turns = 0;
};

Share share_of(const Communicator& comm, const StoreContent& content) {
  const Block rows =
      block_of(static_cast<std::int64_t>(content.coarse.n_rows()), comm.rank(), comm.size());
  return {rows, all_max(comm, rows.last - rows.first)};
}

RidgeChoice choose(const Communicator& comm, const RidgeData& data, const StoreWriter& writer,
                   const DatasetOptions& options) {
  const std::size_t nv = data.content.n_variables();
  const Share share = share_of(comm, data.content);
  std::vector<double> mine;  // [row, window, penalty, v]
  for (std::int64_t i = share.rows.first; i < share.rows.last; ++i) {
    const RidgeRow row(data, writer, static_cast<std::size_t>(i));
    for (const std::int64_t window : options.ridge_windows) {
      for (const auto& errors :
           row.validation_errors(static_cast<int>(window), options.ridge_penalties)) {
        mine.insert(mine.end(), errors.begin(), errors.end());
      }
    }
  }
  const std::vector<double> all = gather_blocks(comm, mine);
  const std::size_t n_choices = options.ridge_windows.size() * options.ridge_penalties.size();
  std::vector<std::vector<double>> totals(n_choices, std::vector<double>(nv, 0.0));
  for (std::size_t i = 0; i < all.size(); ++i) totals[i / nv % n_choices][i % nv] += all[i];
  // Variables may have different units: each is measured against its own best choice.
  std::size_t best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t choice = 0; choice < n_choices; ++choice) {
    double sum = 0;
    for (std::size_t v = 0; v < nv; ++v) {
      double own_best = std::numeric_limits<double>::infinity();
      for (const auto& total : totals) own_best = std::min(own_best, total[v]);
      sum += own_best > 0 ? totals[choice][v] / own_best : 1.0;
    }
    if (sum < least) {
      least = sum;
      best = choice;
    }
  }
  return {static_cast<int>(options.ridge_windows[best / options.ridge_penalties.size()]),
          options.ridge_penalties[best % options.ridge_penalties.size()]};
}

/// Estimates of all months of one coarse row [t, v, rows, x]; training years without their own.
std::vector<float> estimates_of(const RidgeRow& row, const StoreContent& content,
                                const RidgeChoice& choice, std::vector<float>& coefficients) {
  std::vector<std::size_t> others, all;
  for (std::size_t t = 0; t < content.months.size(); ++t) all.push_back(t);
  const bool cross_fit = content.train.n_years() > 1;
  std::vector<std::vector<float>> by_month = row.estimate(choice, std::nullopt, all, &coefficients);
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

void write_spread(const Communicator& comm, StoreWriter& writer, const StoreContent& content,
                  std::vector<RowSpread>& spreads) {
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
    writer.write_slab(store::ridge_spread, {0, spread.first, 0}, {nv, spread.n_rows, nx},
                      spread.deviation);
  }
}

}  // namespace

void fit_ridge(const Communicator& comm, StoreWriter& writer, StoreContent& content,
               const DatasetOptions& options) {
  writer.flush();
  const RidgeData data = load(writer, content);
  const RidgeChoice choice = choose(comm, data, writer, options);
  content.has_ridge = true;
  content.ridge_window = choice.window;
  content.ridge_penalty = choice.penalty;
  const std::size_t nt = content.months.size(), nv = content.n_variables();
  const std::size_t ny = content.fine.n_rows(), nx = content.fine.n_columns();
  const std::size_t nk =
      nv * static_cast<std::size_t>(choice.window) * static_cast<std::size_t>(choice.window);
  writer.create(store::ridge, {nt, nv, ny, nx}, StoreWriter::Layout::chunk_per_item);
  writer.create(store::ridge_coefficients, {ny, nv, nx, nk}, StoreWriter::Layout::chunk_per_item);
  writer.create(store::ridge_spread, {nv, ny, nx}, StoreWriter::Layout::contiguous);

  const Share share = share_of(comm, content);
  std::vector<RowSpread> spreads;
  for (std::int64_t turn = 0; turn < share.n_turns; ++turn) {
    std::vector<float> coefficients, estimates;
    std::size_t first = 0, n_rows = 0;
    if (share.rows.first + turn < share.rows.last) {
      const RidgeRow row(data, writer, static_cast<std::size_t>(share.rows.first + turn));
      first = row.first();
      n_rows = row.n_rows();
      if (n_rows > 0) {
        estimates = estimates_of(row, content, choice, coefficients);
        spreads.push_back(spread_of(row, data, estimates));
      }
    }
    writer.write_slab(store::ridge, {0, 0, first, 0}, {nt, nv, n_rows, nx}, estimates);
    writer.write_slab(store::ridge_coefficients, {first, 0, 0, 0}, {n_rows, nv, nx, nk},
                      coefficients);
  }
  write_spread(comm, writer, content, spreads);
}

}  // namespace hindscale
