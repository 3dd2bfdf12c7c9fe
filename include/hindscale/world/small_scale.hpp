// SPDX-License-Identifier: Apache-2.0
// The small scales: Gaussian noise of known covariance.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "hindscale/random/random.hpp"
#include "hindscale/time/month.hpp"
#include "hindscale/world/refinement.hpp"

namespace hindscale::world {

/// Correlation between the noises of the five variables.
constexpr std::array<std::array<double, n_variables>, n_variables> noise_correlation{{
    {1.0, 0.2, 0.0, 0.0, 0.2},
    {0.2, 1.0, 0.2, 0.0, 0.2},
    {0.0, 0.2, 1.0, -0.4, -0.3},
    {0.0, 0.0, -0.4, 1.0, -0.2},
    {0.2, 0.2, -0.3, -0.2, 1.0},
}};

/// Weight of last month's noise relative to this month's; correlation over a month 0.4 / 1.16.
constexpr double noise_memory = 0.4;

/// Stationary noise of unit variance: white noise keyed by cell and month, filtered along both axes
/// by (1 + d) exp(-d), d the distance over 0.08 coarse cells, cut at half a coarse cell. A value
/// depends on nothing but its place: any part of the globe can be made alone.
class SmallScale {
 public:
  SmallScale(const Domain& domain, std::uint64_t seed);

  /// Noise of all variables [5, y, x], correlated between them and with the month before.
  void make(Month month, std::uint64_t realization, View<float, 3> noise) const;
  /// Noise of one variable alone, by the same law [y, x]; another for each `draw`.
  void draw(Month month, std::uint64_t draw, View<float, 2> noise) const;

  /// Correlation of the noise between cells `lag` apart along an axis; 0 from one coarse cell on.
  [[nodiscard]] double correlation(std::size_t lag) const {
    return lag < correlation_.size() ? correlation_[lag] : 0.0;
  }

 private:
  void add_white(const StreamKey& key, double weight, View<float, 2> padded) const;
  void filter(View<const float, 2> padded, View<float, 2> noise) const;

  std::uint64_t seed_;
  std::size_t n_rows_, n_columns_, radius_;
  std::uint64_t first_row_, first_column_, row_length_;  // of the globe's cells, for the keys
  std::vector<double> kernel_, correlation_;
  std::array<std::array<double, n_variables>, n_variables> mixing_{};  // lower triangle
};

/// Standard deviation [y, x] of amplitude * noise less its means over coarse cells: exact.
Field deviation_of(const Refinement& refinement, const SmallScale& noise,
                   View<const double, 2> amplitude);

}  // namespace hindscale::world
