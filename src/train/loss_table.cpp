// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/loss_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

double ratio(double sum, double count) {
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<double> variable_weights(const std::vector<double>& given, std::size_t n) {
  if (given.empty()) return std::vector<double>(n, 1.0);
  if (given.size() != n) {
    throw InputError({.problem = "one loss weight for each variable of the store is needed",
                      .value = fmt::format("{}", fmt::join(given, ", ")),
                      .why = fmt::format("the store holds {}", n),
                      .key = "training/variable_weights"});
  }
  const double mean = std::accumulate(given.begin(), given.end(), 0.0) / static_cast<double>(n);
  std::vector<double> weights = given;
  for (double& weight : weights) weight /= mean;
  return weights;
}

LossTable::LossTable(std::vector<double> weights)
    : weights_(std::move(weights)),
      squares_(weights_.size() * n_fifths),
      counts_(weights_.size() * n_fifths) {}

std::size_t LossTable::fifth_of(std::int64_t level, std::int64_t n_levels) {
  return static_cast<std::size_t>(level * static_cast<std::int64_t>(n_fifths) / n_levels);
}

void LossTable::add(std::size_t fifth, std::span<const double> row) {
  const std::size_t n = weights_.size();
  HINDSCALE_ASSERT(fifth < n_fifths && row.size() == 2 * n);
  for (std::size_t v = 0; v < n; ++v) {
    squares_[v * n_fifths + fifth] += row[v];
    counts_[v * n_fifths + fifth] += row[n + v];
  }
}

void LossTable::add(const LossTable& other) {
  if (weights_.empty()) {
    *this = other;
    return;
  }
  HINDSCALE_ASSERT(weights_ == other.weights_);
  for (std::size_t i = 0; i < squares_.size(); ++i) {
    squares_[i] += other.squares_[i];
    counts_[i] += other.counts_[i];
  }
}

double LossTable::n_values() const {
  return std::accumulate(counts_.begin(), counts_.end(), 0.0);
}

double LossTable::all() const {
  double sum = 0;
  for (std::size_t i = 0; i < squares_.size(); ++i) sum += weights_[i / n_fifths] * squares_[i];
  return ratio(sum, n_values());
}

std::vector<double> LossTable::by_variable() const {
  std::vector<double> losses;
  for (std::size_t v = 0; v < weights_.size(); ++v) {
    double sum = 0, count = 0;
    for (std::size_t i = v * n_fifths; i < (v + 1) * n_fifths; ++i) {
      sum += squares_[i];
      count += counts_[i];
    }
    losses.push_back(ratio(sum, count));
  }
  return losses;
}

std::array<double, LossTable::n_fifths> LossTable::by_noise_level() const {
  std::array<double, n_fifths> losses{};
  for (std::size_t fifth = 0; fifth < n_fifths; ++fifth) {
    double sum = 0, count = 0;
    for (std::size_t v = 0; v < weights_.size(); ++v) {
      sum += weights_[v] * squares_[v * n_fifths + fifth];
      count += counts_[v * n_fifths + fifth];
    }
    losses[fifth] = ratio(sum, count);
  }
  return losses;
}

std::vector<double> LossTable::entries() const {
  std::vector<double> all = squares_;
  all.insert(all.end(), counts_.begin(), counts_.end());
  return all;
}

void LossTable::set_entries(std::span<const double> entries) {
  if (entries.size() != squares_.size() + counts_.size()) {
    throw InputError(
        {.problem = "the checkpoint's state has an unusable entry",
         .value = "interval_loss",
         .why = fmt::format("{} numbers for {} variables", entries.size(), weights_.size())});
  }
  const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(squares_.size());
  std::copy(entries.begin(), middle, squares_.begin());
  std::copy(middle, entries.end(), counts_.begin());
}

std::string text_by_variable(const LossTable& table, const std::vector<std::string>& names) {
  const std::vector<double> losses = table.by_variable();
  std::vector<std::string> parts;
  for (std::size_t v = 0; v < losses.size(); ++v) {
    const double weight = table.weights()[v];
    parts.push_back(fmt::format("{} {:.4f}", names.at(v), losses[v]) +
                    (weight == 1 ? "" : fmt::format(" (weight {:.3g})", weight)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string text_by_noise_level(const LossTable& table) {
  std::vector<std::string> parts;
  for (const double loss : table.by_noise_level())
    parts.push_back(std::isnan(loss) ? "-" : fmt::format("{:.3f}", loss));
  return fmt::format("{}", fmt::join(parts, " "));
}

}  // namespace hindscale
