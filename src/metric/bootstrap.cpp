// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hindscale/random/random.hpp"

namespace hindscale {
namespace {

MonthPicks all_months(std::size_t n_months) {
  MonthPicks all(n_months);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

/// Linear between order statistics: position share * (n - 1).
double percentile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

}  // namespace

std::vector<MonthPicks> moving_blocks(std::size_t n_months, const BlockOptions& options) {
  if (options.block == 0) {
    throw InputError({.problem = "bootstrap block of no months",
                      .value = "0",
                      .why = "months are resampled in blocks",
                      .advice = "give at least 1"});
  }
  if (n_months < 2 * options.block) return {};
  std::vector<MonthPicks> samples(options.n_samples);
  for (std::size_t i_sample = 0; i_sample < samples.size(); ++i_sample) {
    const StreamKey key{options.seed, Purpose::bootstrap, i_sample};
    MonthPicks& picks = samples[i_sample];
    for (std::uint64_t i_block = 0; picks.size() < n_months; ++i_block) {
      const std::size_t start = uniform_below(key, i_block, n_months - options.block + 1);
      const std::size_t length = std::min(options.block, n_months - picks.size());
      for (std::size_t i = 0; i < length; ++i) picks.push_back(start + i);
    }
  }
  return samples;
}

Interval interval_95(std::vector<double> values) {
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (values.empty() || std::any_of(values.begin(), values.end(), is_nan)) return {};
  std::sort(values.begin(), values.end());
  return {percentile(values, 0.025), percentile(values, 0.975)};
}

Estimate estimate(const Statistic& statistic, std::size_t n_months,
                  std::span<const MonthPicks> samples) {
  std::vector<double> values;
  for (const MonthPicks& picks : samples) values.push_back(statistic(picks));
  return {statistic(all_months(n_months)), interval_95(std::move(values))};
}

Difference paired_difference(const Pair& pair, std::size_t n_months,
                             std::span<const MonthPicks> samples) {
  const Statistic difference = [&](std::span<const std::size_t> picks) {
    return pair.a(picks) - pair.b(picks);
  };
  const Estimate e = estimate(difference, n_months, samples);
  return {e.value, e.interval, e.interval.low > 0 || e.interval.high < 0};
}

}  // namespace hindscale
