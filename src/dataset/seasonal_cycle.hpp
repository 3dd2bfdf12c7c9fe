// SPDX-License-Identifier: Apache-2.0
// Mean seasonal cycles of many values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hindscale {

/// Sums by calendar month of `n` values, and the cycles that follow from them.
class SeasonalCycles {
 public:
  explicit SeasonalCycles(std::size_t n);
  /// Skips NaN; months of the year from 0.
  void add(int month_of_year, std::size_t i, double value);
  /// [12][n]. With `harmonics` = 0 the mean of each calendar month, NaN where it has no value. Else
  /// the least-squares fit to all values of a mean and that many harmonics of the year, or as many
  /// as the months that have values allow; NaN where none has.
  [[nodiscard]] std::vector<std::vector<double>> values(int harmonics) const;

 private:
  struct Months {  ///< of one value
    std::array<double, 12> sum{};
    std::array<std::uint32_t, 12> count{};
  };
  std::vector<Months> months_;
};

}  // namespace hindscale
