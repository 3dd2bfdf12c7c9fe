// SPDX-License-Identifier: Apache-2.0
// A generated world: its coarse and fine fields of any month, and the exact law of the latter.
#pragma once

#include <vector>

#include "hindscale/namelist/world_options.hpp"
#include "hindscale/world/month_law.hpp"
#include "hindscale/world/small_scale.hpp"

namespace hindscale::world {

/// The law of the fine fields of a month, given its coarse fields.
struct ExactLaw {
  Array<float, 3> mean;       ///< [variable, y, x]
  Array<float, 3> deviation;  ///< [variable, y, x]
  Array<float, 3> quantiles;  ///< [quantile, y, x] of precipitation, at (i + 1/2) / n
};

/// Reads the ground once; every month can then be made alone, by any rank, in any order.
class World {
 public:
  /// InputError where the relief cannot be used.
  explicit World(const WorldOptions& options);
  World(const World&) = delete;  // its parts refer to each other
  World& operator=(const World&) = delete;

  [[nodiscard]] const Domain& domain() const { return domain_; }
  [[nodiscard]] const Ground& ground() const { return ground_; }
  [[nodiscard]] const Refinement& refinement() const { return refinement_; }
  [[nodiscard]] const SmallScale& small_scale() const { return small_scale_; }
  [[nodiscard]] const LargeScale& large_scale() const { return large_scale_; }

  /// The true coarse fields [variable, cy, cx].
  [[nodiscard]] Array<float, 3> coarse(Month month) const;
  /// As a member of the reanalysis has them (1, 2, ...): errors of its own, and a bias.
  [[nodiscard]] Array<float, 3> member(Month month, int member) const;
  /// The mean of all members.
  [[nodiscard]] Array<float, 3> member_mean(Month month) const;
  /// The fine fields [variable, y, x], sea included; other realizations share the coarse fields.
  [[nodiscard]] Array<float, 3> fine(Month month, std::uint64_t realization) const;
  [[nodiscard]] MonthLaw law_of(Month month) const;
  [[nodiscard]] ExactLaw exact_law(Month month) const;

 private:
  void exact_rain(Month month, const MonthLaw& law, View<const double, 2> coarse,
                  ExactLaw& exact) const;
  WorldOptions options_;
  Domain domain_;
  Refinement refinement_;
  Ground ground_;
  ColumnRatio ratio_;
  LargeScale large_scale_;
  SmallScale small_scale_;
};

}  // namespace hindscale::world
