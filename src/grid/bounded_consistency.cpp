// SPDX-License-Identifier: Apache-2.0
// The smallest correction that gives a fine field its coarse means and keeps it above a limit.
#include <algorithm>
#include <cmath>
#include <limits>

#include "hindscale/grid/remap.hpp"

namespace hindscale {
namespace {

// Of a mean: what the rounding of floats does to it, and what the sweeps stop at.
constexpr double accepted = 2e-7;
constexpr double wanted_precision = 1e-9;
constexpr double negligible = 1e-12;  // of the largest distance of a coarse value from the limit
constexpr int most_sweeps = 500;      // half of a cell shared with each neighbour needs about ten

}  // namespace

/// One correction. Fields are counted from the limit.
class ConsistencyProjection::AboveLimit {
 public:
  AboveLimit(const ConsistencyProjection& projection, float limit, View<const float, 2> coarse,
             View<float, 2> fine)
      : projection_(projection), limit_(limit), coarse_(coarse), fine_(fine), y_(fine.shape()) {
    for (std::size_t i = 0; i < fine.size(); ++i)
      y_.flat()[i] = static_cast<double>(fine.data()[i]) - static_cast<double>(limit);
    for (const float value : coarse.flat())
      scale_ = std::max(scale_, static_cast<double>(value) - static_cast<double>(limit));
  }

  double run() {
    if (!is_finite()) return std::numeric_limits<double>::quiet_NaN();
    const bool agrees =
        std::all_of(y_.flat().begin(), y_.flat().end(), [](double y) { return y >= 0; }) &&
        !for_each_cell([&](std::size_t row, std::size_t column) {
          return needs_shift(wanted(row, column), accepted);
        });
    if (!agrees) {
      for (int sweep = 0; sweep < most_sweeps; ++sweep)
        if (!for_each_cell(
                [&](std::size_t row, std::size_t column) { return shift(wanted(row, column)); }))
          break;
      for (std::size_t i = 0; i < y_.size(); ++i) {
        const double value = static_cast<double>(limit_) + std::max(0.0, y_.flat()[i]);
        fine_.data()[i] = std::max(limit_, static_cast<float>(value));
        y_.flat()[i] = static_cast<double>(fine_.data()[i]) - static_cast<double>(limit_);
      }
    }
    return largest_left();
  }

 private:
  /// A fine cell as the coarse cell at hand sees it.
  struct Seen {
    double* y;
    double share;  ///< of the coarse cell
    double gain;   ///< of y for a unit of lambda
    double from;   ///< lambda from which on it lies above the limit
  };

  [[nodiscard]] bool is_finite() const {
    const auto finite = [](float value) { return std::isfinite(value); };
    return std::all_of(fine_.begin(), fine_.end(), finite) &&
           std::all_of(coarse_.begin(), coarse_.end(), finite);
  }

  /// Calls for every coarse cell, in order; true where one of the calls was.
  template <class Work>
  bool for_each_cell(Work&& work) {
    bool any = false;
    for (std::size_t row = 0; row < coarse_.extent(0); ++row)
      for (std::size_t column = 0; column < coarse_.extent(1); ++column)
        any = work(row, column) || any;
    return any;
  }

  /// Gathers the fine cells of a coarse cell; returns its mean to reach, counted from the limit.
  double wanted(std::size_t row, std::size_t column) {
    seen_.clear();
    for (const auto& fine_row : projection_.coarsen_.latitude().rows[row]) {
      for (const auto& fine_column : projection_.coarsen_.longitude().rows[column]) {
        double& y = y_(fine_row.source, fine_column.source);
        const double share = fine_row.weight * fine_column.weight;
        const double gain = share / (projection_.heights_[fine_row.source] *
                                     projection_.widths_[fine_column.source]);
        seen_.push_back({&y, share, gain, -y / gain});
      }
    }
    const double mean = static_cast<double>(coarse_(row, column)) - static_cast<double>(limit_);
    return std::max(0.0, mean);
  }

  [[nodiscard]] double mean_seen() const {
    double sum = 0;
    for (const Seen& cell : seen_) sum += cell.share * std::max(0.0, *cell.y);
    return sum;
  }

  [[nodiscard]] bool needs_shift(double mean, double precision) const {
    const double size = mean + std::abs(static_cast<double>(limit_));
    return std::abs(mean_seen() - mean) > precision * size + negligible * scale_;
  }

  /// Moves lambda of the coarse cell at hand to where its mean holds: the sum of share * max(0, y +
  /// lambda * gain) grows with lambda, in straight pieces between the points where cells rise above
  /// the limit.
  bool shift(double mean) {
    if (!needs_shift(mean, wanted_precision)) return false;
    std::stable_sort(seen_.begin(), seen_.end(),
                     [](const Seen& a, const Seen& b) { return a.from < b.from; });
    double sum = 0, slope = 0, lambda = 0;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      sum += seen_[i].share * *seen_[i].y;
      slope += seen_[i].share * seen_[i].gain;
      lambda = (mean - sum) / slope;
      if (i + 1 < seen_.size() && lambda <= seen_[i + 1].from) break;
    }
    for (const Seen& cell : seen_) *cell.y += lambda * cell.gain;
    return true;
  }

  double largest_left() {
    double largest = 0;
    for_each_cell([&](std::size_t row, std::size_t column) {
      wanted(row, column);
      const double mean = static_cast<double>(coarse_(row, column)) - static_cast<double>(limit_);
      largest = std::max(largest, std::abs(mean_seen() - mean));
      return false;
    });
    return largest;
  }

  const ConsistencyProjection& projection_;
  float limit_;
  View<const float, 2> coarse_;
  View<float, 2> fine_;
  Array<double, 2> y_;  ///< x + W^-1 C^T lambda, which may lie below the limit
  std::vector<Seen> seen_;
  double scale_ = 0;
};

double ConsistencyProjection::apply_above(float limit, View<const float, 2> coarse,
                                          View<float, 2> fine) const {
  HINDSCALE_ASSERT(fine.extent(0) == heights_.size() && fine.extent(1) == widths_.size());
  HINDSCALE_ASSERT(coarse.extent(0) == coarsen_.latitude().rows.size());
  HINDSCALE_ASSERT(coarse.extent(1) == coarsen_.longitude().rows.size());
  return AboveLimit(*this, limit, coarse, fine).run();
}

}  // namespace hindscale
