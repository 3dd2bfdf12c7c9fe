// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/rain.hpp"

#include <algorithm>
#include <cmath>

namespace hindscale::world {
namespace {

constexpr int n_smooth_rounds = 3;  // then cells differ at their borders by less than the noise

/// coarse / C rain; 1 where rain has none.
Field wanted_factors(const Refinement& refinement, View<const double, 2> coarse,
                     View<const double, 2> rain) {
  Field factors({coarse.extent(0), coarse.extent(1)});
  refinement.coarsen(rain, factors);
  for (std::size_t i = 0; i < factors.size(); ++i) {
    double& factor = factors.flat()[i];
    factor = factor > 0 ? coarse.flat()[i] / factor : 1;
  }
  return factors;
}

}  // namespace

void make_rain(const Refinement& refinement, const MonthLaw& law, View<const double, 2> coarse,
               View<const float, 2> noise, View<double, 2> rain) {
  for (std::size_t i = 0; i < rain.size(); ++i) {
    const double amount = std::exp(law.enhancement.flat()[i] +
                                   law.scatter.flat()[i] * static_cast<double>(noise.flat()[i]));
    rain.flat()[i] = law.wet.flat()[i] * std::max(0.0, amount - law.dryness.flat()[i]);
  }
  const std::size_t n = refinement.factor();
  Field sums({coarse.extent(0), coarse.extent(1)});
  refinement.coarsen(rain, sums);
  for (std::size_t y = 0; y < rain.extent(0); ++y)
    for (std::size_t x = 0; x < rain.extent(1); ++x)
      if (!(sums(y / n, x / n) > 0)) rain(y, x) = coarse(y / n, x / n);
  Field smooth({rain.extent(0), rain.extent(1)});
  for (int round = 0; round < n_smooth_rounds; ++round) {
    refinement.refine(wanted_factors(refinement, coarse, rain), smooth);
    for (std::size_t i = 0; i < rain.size(); ++i) rain.flat()[i] *= std::max(0.2, smooth.flat()[i]);
  }
  const Field last = wanted_factors(refinement, coarse, rain);
  for (std::size_t y = 0; y < rain.extent(0); ++y)
    for (std::size_t x = 0; x < rain.extent(1); ++x) rain(y, x) *= last(y / n, x / n);
}

}  // namespace hindscale::world
