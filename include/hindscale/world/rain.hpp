// SPDX-License-Identifier: Apache-2.0
// Precipitation: a monotone transform of Gaussian noise with the coarse cell's mean.
#pragma once

#include "hindscale/world/month_law.hpp"

namespace hindscale::world {

/// wet * max(0, exp(enhancement + scatter * noise) - dryness), multiplied by a field that varies
/// smoothly within cells and gives each the mean `coarse` [cy, cx]. rain [y, x] in kg m-2 s-1,
/// never negative. A coarse cell that would stay dry is made even.
void make_rain(const Refinement& refinement, const MonthLaw& law, View<const double, 2> coarse,
               View<const float, 2> noise, View<double, 2> rain);

}  // namespace hindscale::world
