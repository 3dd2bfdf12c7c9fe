// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/patches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hindscale/core/error.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale {
namespace {

// Streams of Purpose::patch_order (their key `a`).
constexpr std::uint64_t shuffle_stream = 0;
constexpr std::uint64_t row_stream = 1;
constexpr std::uint64_t column_stream = 2;

/// A start in [0, n - length], drawn from a range a tenth of a patch wider at both ends and pulled
/// back.
std::size_t bounded_start(double u, std::size_t n, std::size_t length) {
  const auto margin = static_cast<double>(length / 10);
  const double last = static_cast<double>(n - length);
  if (last == 0) return 0;
  const double start = std::floor(u * (last + 1 + 2 * margin)) - margin;
  return static_cast<std::size_t>(std::clamp(start, 0.0, last));
}

}  // namespace

PatchPlan::PatchPlan(const PatchPlanOptions& options) : options_(options) {
  HINDSCALE_ASSERT(options.n_items > 0 && options.batch > 0);
  if (options.patch_rows > options.n_rows || options.patch_columns > options.n_columns) {
    throw InputError(
        {.problem = "patch larger than the domain",
         .value = fmt::format("{} x {}", options.patch_rows, options.patch_columns),
         .why = fmt::format("the domain has {} x {} cells", options.n_rows, options.n_columns),
         .advice = "choose a smaller training/patch_size",
         .key = "training/patch_size"});
  }
}

std::size_t PatchPlan::item_at(std::uint64_t position) const {
  const std::uint64_t epoch = position / options_.n_items;
  if (epoch != shuffled_epoch_) {
    order_.resize(options_.n_items);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    const StreamKey key{options_.seed, Purpose::patch_order, shuffle_stream, epoch, 0};
    for (std::size_t i = order_.size(); i > 1; --i) {
      std::swap(order_[i - 1], order_[uniform_below(key, i, i)]);
    }
    shuffled_epoch_ = epoch;
  }
  return order_[position % options_.n_items];
}

Patch PatchPlan::patch(std::int64_t step, std::size_t i) const {
  Patch patch;
  patch.id = static_cast<std::uint64_t>(step) * options_.batch + i;
  patch.i_item = item_at(patch.id);
  const double u_row = uniform({options_.seed, Purpose::patch_order, row_stream, 0, 0}, patch.id);
  const StreamKey columns{options_.seed, Purpose::patch_order, column_stream, 0, 0};
  patch.window = {bounded_start(u_row, options_.n_rows, options_.patch_rows), 0,
                  options_.patch_rows, options_.patch_columns};
  if (options_.periodic && options_.patch_columns < options_.n_columns) {
    patch.window.column = uniform_below(columns, patch.id, options_.n_columns);
  } else {
    patch.window.column =
        bounded_start(uniform(columns, patch.id), options_.n_columns, options_.patch_columns);
  }
  // One time in each of `batch` equal intervals of (0, 1): every step sees all noise levels.
  const double u = uniform({options_.seed, Purpose::noise_level, 0, 0, 0}, patch.id);
  const double fraction = (static_cast<double>(i) + u) / static_cast<double>(options_.batch);
  patch.noise_level =
      std::min(static_cast<std::int64_t>(fraction * static_cast<double>(options_.n_levels)),
               options_.n_levels - 1);
  return patch;
}

}  // namespace hindscale
