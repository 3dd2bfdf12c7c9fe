// SPDX-License-Identifier: Apache-2.0
// A small sample store of known functions: two variables, three training years, one year each of
// validation and test.
#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "hindscale/dataset/baselines.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/dataset/transform.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/random/random.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {

inline constexpr std::size_t n_variables = 2;
inline constexpr std::size_t n_rows = 12;
inline constexpr std::size_t n_columns = 16;
inline constexpr std::size_t n_cells = n_rows * n_columns;
inline constexpr std::size_t n_coarse_rows = 6;
inline constexpr std::size_t n_coarse_columns = 8;
inline constexpr std::size_t missing_value = n_cells + 3 * n_columns + 4;  ///< variable 1, row 3
inline constexpr Shape<3> fine_shape{n_variables, n_rows, n_columns};
inline constexpr Shape<3> coarse_shape{n_variables, n_coarse_rows, n_coarse_columns};

struct Recipe {
  /// True: the fine field is noise about a season, the coarse one its conservative mean. False: the
  /// coarse field is noise, Lerp's error a linear function of the coarse cell around each fine one.
  bool derived = true;
  std::optional<std::size_t> missing_month{};  ///< in which `missing_value` is missing
  std::size_t n_missing_columns = 0;           ///< in the west, missing in every month
  float first_year_noise = 0;                  ///< added to the truth of the first training year
  std::vector<std::int64_t> windows{1};        ///< of the ridge; empty: no ridge
  std::vector<double> penalties{0.1};
  std::vector<std::int64_t> harmonics{0, 1, 2};
  std::vector<std::string> transforms{"identity", "identity"};
  /// Applied to the truth before it is coarsened (`derived` only), in physical units.
  float (*shape)(std::size_t month, std::size_t i, float value) = nullptr;
};

/// A number in (-1, 1) of one of many streams.
inline float noise(std::uint64_t stream, std::uint64_t i) {
  return static_cast<float>(2 * uniform({11, Purpose::training_noise, stream, 0, 0}, i) - 1);
}

inline StoreContent content_of(const Recipe& recipe) {
  StoreContent content;
  content.variables = {"uas", "pr"};
  content.units = {"m s-1", "kg m-2 s-1"};
  content.transforms = recipe.transforms;
  for (int i = 0; i < 60; ++i) content.months.push_back(Month(2000, 1) + i);
  content.train = {2000, 2002};
  content.validation = {2003, 2003};
  content.test = {2004, 2004};
  content.fine = regular_grid({0, -30, 22.5, 5, n_columns, n_rows});
  content.coarse = regular_grid({0, -30, 45, 10, n_coarse_columns, n_coarse_rows});
  content.coarse_derived = recipe.derived;
  return content;
}

struct MonthPair {
  Array<float, 3> fine = Array<float, 3>(fine_shape);
  Array<float, 3> coarse = Array<float, 3>(coarse_shape);
};

inline float season_of(const StoreContent& content, std::size_t t, std::size_t v) {
  const int month = content.months[t].of_year();
  return 4 + static_cast<float>(v) + std::sin(static_cast<float>(month) * 0.5236F);
}

inline MonthPair derived_month(const Recipe& recipe, const StoreContent& content, std::size_t t) {
  MonthPair pair;
  const ConservativeRemap coarsen(content.fine, content.coarse);
  for (std::size_t i = 0; i < pair.fine.size(); ++i) {
    pair.fine.flat()[i] = season_of(content, t, i / n_cells) + noise(t, i);
    if (recipe.shape != nullptr) pair.fine.flat()[i] = recipe.shape(t, i, pair.fine.flat()[i]);
  }
  for (std::size_t v = 0; v < n_variables; ++v) {
    coarsen.apply(pair.fine.view()[v], pair.coarse.view()[v]);
  }
  return pair;
}

inline MonthPair lawful_month(const StoreContent& content, std::size_t t) {
  MonthPair pair;
  const BilinearRemap lerp(content.coarse, content.fine);
  for (std::size_t i = 0; i < pair.coarse.size(); ++i) {
    const std::size_t v = i / (n_coarse_rows * n_coarse_columns);
    pair.coarse.flat()[i] = season_of(content, t, v) + noise(t, i);
  }
  const auto month = static_cast<std::uint64_t>(content.months[t].of_year());
  for (std::size_t v = 0; v < n_variables; ++v) {
    lerp.apply(pair.coarse.view()[v], pair.fine.view()[v]);
    for (std::size_t i = 0; i < n_cells; ++i) {
      const std::size_t row = i / n_columns / 2, column = i % n_columns / 2;
      float error = 0.3F * noise(1000 + month, v * n_cells + i);
      for (std::size_t k = 0; k < n_variables; ++k) {
        error += 0.2F * noise(2000 + k, v * n_cells + i) * pair.coarse(k, row, column);
      }
      pair.fine.view()[v].data()[i] -= error;
    }
  }
  return pair;
}

inline MonthPair month_pair(const Recipe& recipe, const StoreContent& content, std::size_t t) {
  MonthPair pair = recipe.derived ? derived_month(recipe, content, t) : lawful_month(content, t);
  if (content.months[t].year() == content.train.first_year) {
    for (std::size_t i = 0; i < pair.fine.size(); ++i) {
      pair.fine.flat()[i] += recipe.first_year_noise * noise(3000 + t, i);
    }
  }
  if (recipe.missing_month == t) {
    pair.fine.flat()[missing_value] = std::numeric_limits<float>::quiet_NaN();
  }
  for (std::size_t i = 0; i < pair.fine.size(); ++i) {
    if (i % n_columns < recipe.n_missing_columns)
      pair.fine.flat()[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return pair;
}

inline void write_months(const Communicator& comm, StoreWriter& writer, const Recipe& recipe,
                         const StoreContent& content) {
  const std::size_t nt = content.months.size();
  writer.create(store::fine, {nt, n_variables, n_rows, n_columns},
                StoreWriter::Layout::chunk_per_item);
  writer.create(store::coarse, {nt, n_variables, n_coarse_rows, n_coarse_columns},
                StoreWriter::Layout::chunk_per_item);
  const Block mine = block_of(static_cast<std::int64_t>(nt), comm.rank(), comm.size());
  std::vector<float> fine, coarse;
  for (auto t = static_cast<std::size_t>(mine.first); t < static_cast<std::size_t>(mine.last);
       ++t) {
    const MonthPair pair = month_pair(recipe, content, t);
    fine.insert(fine.end(), pair.fine.flat().begin(), pair.fine.flat().end());
    coarse.insert(coarse.end(), pair.coarse.flat().begin(), pair.coarse.flat().end());
  }
  const auto n = static_cast<std::size_t>(mine.last - mine.first);
  writer.write(store::fine, static_cast<std::size_t>(mine.first), n, fine);
  writer.write(store::coarse, static_cast<std::size_t>(mine.first), n, coarse);
}

/// Writes the store as `prepare` does; returns its content. Collective.
inline StoreContent build_store(const Communicator& comm, const std::filesystem::path& path,
                                const Recipe& recipe) {
  StoreContent content = content_of(recipe);
  StoreWriter writer(comm, path);
  write_months(comm, writer, recipe, content);
  for (const char* name : {store::relief_m, store::land_fraction}) {
    writer.create(name, {n_rows, n_columns}, StoreWriter::Layout::contiguous);
    std::vector<float> values(comm.is_root() ? n_cells : 0);
    const float step = name == store::relief_m ? 10.0F : 0.005F;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * step;
    writer.write(name, 0, comm.is_root() ? n_rows : 0, values);
  }
  fit_climatologies(comm, writer, content);
  fit_transforms(comm, writer, content, {});
  if (!recipe.windows.empty()) {
    DatasetOptions options;
    options.ridge_windows = recipe.windows;
    options.ridge_penalties = recipe.penalties;
    options.local_ridge_harmonics = recipe.harmonics;
    fit_ridge(comm, writer, content, options);
  }
  write_content(writer, content);
  writer.commit();
  return content;
}

/// A store of this process alone in a folder of its own.
struct SyntheticStore {
  explicit SyntheticStore(const Recipe& recipe)
      : content(build_store(comm, folder.path() / "samples.h5", recipe)),
        reader(folder.path() / "samples.h5") {}
  [[nodiscard]] Array<float, 3> field(const char* name, std::size_t i,
                                      const Shape<3>& shape) const {
    Array<float, 3> values(shape);
    reader.read(name, i, 1, values.flat());
    return values;
  }
  [[nodiscard]] Array<float, 3> fine(std::size_t t) const {
    return field(store::fine, t, fine_shape);
  }
  [[nodiscard]] Array<float, 3> coarse(std::size_t t) const {
    return field(store::coarse, t, coarse_shape);
  }
  [[nodiscard]] Array<float, 3> lerp(const Array<float, 3>& field) const {
    Array<float, 3> result(fine_shape);
    const BilinearRemap remap(content.coarse, content.fine);
    for (std::size_t v = 0; v < n_variables; ++v) remap.apply(field.view()[v], result.view()[v]);
    return result;
  }

  Communicator comm = Communicator::self();
  TemporaryFolder folder{comm};
  StoreContent content;
  StoreReader reader;
};

}  // namespace hindscale::test
