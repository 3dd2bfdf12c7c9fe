// SPDX-License-Identifier: Apache-2.0
// A small sample store of made-up winds, and options to train a tiny network on it.
#pragma once

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numbers>
#include <vector>

#include "hindscale/dataset/baselines.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale::test {

enum class Gaps { none, some };

/// 16 x 24 fine cells, 4 x 6 coarse ones, global; training 2000-2001, validation 2002, test 2003.
inline StoreContent synthetic_content() {
  StoreContent content;
  content.variables = {"uas", "vas"};
  content.units = {"m s-1", "m s-1"};
  content.transforms = {"identity", "identity"};
  content.train = {2000, 2001};
  content.validation = {2002, 2002};
  content.test = {2003, 2003};
  for (int i = 0; i < 48; ++i) content.months.push_back(Month(2000, 1) + i);
  content.fine =
      regular_grid({.step_longitude = 15, .step_latitude = 11.25, .n_columns = 24, .n_rows = 16});
  content.coarse =
      regular_grid({.step_longitude = 60, .step_latitude = 45, .n_columns = 6, .n_rows = 4});
  return content;
}

/// A wave that moves with the season, plus noise that depends on the cell's place and the month.
inline Array<float, 3> synthetic_field(const StoreContent& content, std::size_t i_month,
                                       Gaps gaps) {
  const std::size_t ny = content.fine.n_rows();
  const std::size_t nx = content.fine.n_columns();
  Array<float, 3> field({content.n_variables(), ny, nx});
  fill_normal({.seed = 77, .a = i_month}, 0, field.flat());
  for (std::size_t v = 0; v < field.extent(0); ++v) {
    for (std::size_t y = 0; y < ny; ++y) {
      for (std::size_t x = 0; x < nx; ++x) {
        const double phase =
            2 * std::numbers::pi *
            (static_cast<double>(x) / static_cast<double>(nx) + static_cast<double>(i_month) / 12);
        field(v, y, x) = static_cast<float>(0.5 * field(v, y, x) +
                                            3 * std::sin(phase + static_cast<double>(v + y)));
        if (gaps == Gaps::some && y < 5 && x < 7)
          field(v, y, x) = std::numeric_limits<float>::quiet_NaN();
      }
    }
  }
  return field;
}

/// Writes the store. Collective.
inline void write_synthetic_store(const Communicator& comm, const std::filesystem::path& path,
                                  Gaps gaps = Gaps::none) {
  StoreContent content = synthetic_content();
  const std::size_t nv = content.n_variables(), ny = content.fine.n_rows(),
                    nx = content.fine.n_columns();
  const std::size_t cy = content.coarse.n_rows(), cx = content.coarse.n_columns();
  StoreWriter writer(comm, path);
  writer.create(store::fine, {content.months.size(), nv, ny, nx},
                StoreWriter::Layout::chunk_per_item);
  writer.create(store::coarse, {content.months.size(), nv, cy, cx},
                StoreWriter::Layout::chunk_per_item);
  writer.create(store::relief_m, {ny, nx}, StoreWriter::Layout::contiguous);
  writer.create(store::land_fraction, {ny, nx}, StoreWriter::Layout::contiguous);
  const ConservativeRemap coarsen(content.fine, content.coarse);
  const std::size_t n_months = content.months.size();
  Array<float, 4> fine({n_months, nv, ny, nx});
  Array<float, 4> coarse({n_months, nv, cy, cx});
  for (std::size_t i = 0; i < n_months; ++i) {
    const Array<float, 3> field = synthetic_field(content, i, gaps);
    std::ranges::copy(field.flat(), fine[i].begin());
    for (std::size_t v = 0; v < nv; ++v) coarsen.apply(field[v], coarse[i][v]);
  }
  // The root writes all in one call: collective calls are slow where ranks share a core.
  const std::size_t n_own = comm.is_root() ? 1 : 0;
  writer.write(store::fine, 0, n_own * n_months, fine.flat().first(n_own * fine.size()));
  writer.write(store::coarse, 0, n_own * n_months, coarse.flat().first(n_own * coarse.size()));
  std::vector<float> relief(ny * nx);
  for (std::size_t i = 0; i < relief.size(); ++i) relief[i] = static_cast<float>(i % 7) * 300;
  const std::vector<float> land(ny * nx, 0.5F);
  writer.write(store::relief_m, 0, n_own * ny,
               std::span<const float>(relief).first(n_own * relief.size()));
  writer.write(store::land_fraction, 0, n_own * ny,
               std::span<const float>(land).first(n_own * land.size()));
  fit_climatologies(comm, writer, content);
  write_content(writer, content);
  writer.commit();
}

/// Eight steps of four patches with a network of a few thousand weights.
inline Options small_options(const std::filesystem::path& directory) {
  Options options;
  options.experiment.directory = directory.string();
  options.experiment.seed = 5;
  options.model.preset = "custom";
  options.model.channels = 8;
  options.model.multipliers = {1, 2};
  options.model.groups = 4;
  options.diffusion.base = "lerp_corrected";
  options.diffusion.timesteps = 100;
  options.training.steps = 8;
  options.training.batch = 4;
  options.training.patch_size = {8, 12};
  options.training.warmup = 2;
  options.training.log_every = 2;
  options.training.validate_every = 4;
  options.training.validation_members = 2;
  options.training.validation_months = 3;
  options.training.validation_steps = 2;
  options.training.checkpoint_every = 2;
  options.training.bucket_mib = 0.02;
  options.tiling.size = {16, 16};
  options.tiling.overlap = 4;
  options.ensemble.batch = 2;
  return options;
}

}  // namespace hindscale::test
