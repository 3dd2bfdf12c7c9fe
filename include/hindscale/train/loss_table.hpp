// SPDX-License-Identifier: Apache-2.0
// The loss in its parts: by variable and by noise level, so that a user sees what does not learn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hindscale {

/// Weights of `n` variables in the loss, divided by their mean; all 1 where none are `given`.
/// InputError where their number is another.
std::vector<double> variable_weights(const std::vector<double>& given, std::size_t n);

/// Sums of squared errors and numbers of values, by variable and by fifth of the noise levels:
/// every fifth is as likely in training as the others. Sums are double, in the order of `add`.
class LossTable {
 public:
  static constexpr std::size_t n_fifths = 5;

  LossTable() = default;
  /// An empty table of variables with these weights (mean 1).
  explicit LossTable(std::vector<double> weights);

  /// The fifth of a level (0 .. n_levels - 1, from little noise to much).
  static std::size_t fifth_of(std::int64_t level, std::int64_t n_levels);

  /// Adds a patch: its sum of cell weight * squared error of each variable, then its number of
  /// values of each.
  void add(std::size_t fifth, std::span<const double> row);
  /// Adds the entries of a table of the same variables; an empty one becomes its copy.
  void add(const LossTable& other);

  [[nodiscard]] const std::vector<double>& weights() const { return weights_; }
  [[nodiscard]] double n_values() const;
  /// What training lowers: the mean over values of variable weight * squared error. NaN where
  /// there is no value, as below.
  [[nodiscard]] double all() const;
  /// Mean squared error of each variable alone, without its weight: the mean of weight * this over
  /// the values is `all`.
  [[nodiscard]] std::vector<double> by_variable() const;
  /// The loss of each fifth, with the weights: the mean of these over the values is `all`.
  [[nodiscard]] std::array<double, n_fifths> by_noise_level() const;

  /// For checkpoints: every sum and number, and back. InputError where their number is another.
  [[nodiscard]] std::vector<double> entries() const;
  void set_entries(std::span<const double> entries);

 private:
  std::vector<double> weights_;
  std::vector<double> squares_;  ///< [variable, fifth]
  std::vector<double> counts_;   ///< likewise
};

/// "uas 0.4123, vas 0.3981 (weight 2)".
std::string text_by_variable(const LossTable& table, const std::vector<std::string>& names);
/// "0.912 0.645 0.400 0.210 0.077"; "-" for a fifth without a patch.
std::string text_by_noise_level(const LossTable& table);

}  // namespace hindscale
