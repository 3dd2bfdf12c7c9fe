// SPDX-License-Identifier: Apache-2.0
// The law of a month's fine fields, given its coarse fields, the ground and the season.
#pragma once

#include "hindscale/world/large_scale.hpp"

namespace hindscale::world {

/// uas, vas, tas, ps are Gaussian: mean + amplitude * noise, less the noise's means over coarse
/// cells. Precipitation is what `rain.hpp` makes of the rest.
struct MonthLaw {
  Fields mean;        ///< [4, y, x], of the coarse means exactly
  Fields amplitude;   ///< [4, y, x] of the noise before its means are removed
  Field wet;          ///< [y, x] rain without detail, kg m-2 s-1, positive
  Field enhancement;  ///< [y, x] logarithm of what the ground makes of it
  Field scatter;      ///< [y, x] standard deviation of its logarithm
  Field dryness;      ///< [y, x] what is taken off: cells with less are dry
};

/// `coarse` [variable, cy, cx] as the coarse files hold it.
MonthLaw month_law(const Domain& domain, const Refinement& refinement, const Ground& ground,
                   const ColumnRatio& ratio, Month month, View<const double, 3> coarse);

}  // namespace hindscale::world
