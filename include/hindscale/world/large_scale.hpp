// SPDX-License-Identifier: Apache-2.0
// The coarse fields of a month: climate and smooth random weather.
#pragma once

#include <cstdint>

#include "hindscale/world/terrain.hpp"
#include "hindscale/world/weather.hpp"

namespace hindscale::world {

/// Mean of `pressure_ratio` over the fine cells of each coarse cell, tabulated by temperature.
class ColumnRatio {
 public:
  ColumnRatio(const Domain& domain, const Refinement& refinement, const Field& height_m);
  /// Of coarse cell (y, x), linear between whole kelvins and held beyond the table.
  [[nodiscard]] double operator()(std::size_t y, std::size_t x, double sea_level_k) const;

 private:
  Fields table_;  // [temperature, cy, cx]
};

/// Coarse fields are functions of place and month alone: they do not depend on the domain's
/// borders, nor on what was made before. Keeps references to `domain`, `ground`, `ratio`.
class LargeScale {
 public:
  struct Settings {
    std::uint64_t seed = 0;
    double warming_k = 0;
  };
  LargeScale(const Domain& domain, const CoarseTerrain& ground, const ColumnRatio& ratio,
             const Settings& settings);
  /// Fills coarse [variable, cy, cx].
  void make(Month month, const Witness& witness, View<double, 3> coarse) const;

  /// Warming since 1836 up to the middle of the month, K.
  [[nodiscard]] double warming(Month month) const;

 private:
  const Domain& domain_;
  const CoarseTerrain& ground_;
  const ColumnRatio& ratio_;
  Settings settings_;
};

}  // namespace hindscale::world
