// SPDX-License-Identifier: Apache-2.0
// Uncertainty of scores by resampling months in blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "hindscale/metric/scores.hpp"

namespace hindscale {

/// Month indices of one resampled period.
using MonthPicks = std::vector<std::size_t>;

struct BlockOptions {
  std::size_t block = 1;      ///< months a block
  std::size_t n_samples = 0;  ///< resampled periods
  std::uint64_t seed = 0;
};

/// Resampled periods of `n_months` each, made of blocks that start anywhere in the period
/// (moving-block bootstrap, Kuensch 1989), the last one cut short. A sample depends on the seed and
/// its number only. Empty where the period is shorter than two blocks: it then has no interval.
/// InputError: a block of 0 months.
std::vector<MonthPicks> moving_blocks(std::size_t n_months, const BlockOptions& options);

struct Interval {
  double low = undefined;
  double high = undefined;
};

/// Percentiles 2.5 and 97.5, linear between order statistics. Undefined without values or where one
/// is NaN.
Interval interval_95(std::vector<double> values);

/// A score as a function of the months it is computed from, e.g. a lambda around `scores_of(months,
/// range, picks).rmse`.
using Statistic = std::function<double(std::span<const std::size_t> picks)>;

/// A score of the period with its 95 % interval.
struct Estimate {
  double value = undefined;
  Interval interval{};
};
Estimate estimate(const Statistic& statistic, std::size_t n_months,
                  std::span<const MonthPicks> samples);

/// Difference of a score between two methods, paired: the same resampled months for both.
/// Significant where the 95 % interval excludes zero.
struct Difference {
  double value = undefined;  ///< a - b
  Interval interval{};
  bool significant = false;
};
struct Pair {
  Statistic a;
  Statistic b;
};
Difference paired_difference(const Pair& pair, std::size_t n_months,
                             std::span<const MonthPicks> samples);

}  // namespace hindscale
