// SPDX-License-Identifier: Apache-2.0
// Smooth random fields over the globe, month by month: the weather behind the coarse fields.
#pragma once

#include <cstdint>

#include "hindscale/time/month.hpp"
#include "hindscale/world/domain.hpp"

namespace hindscale::world {

/// Whose weather it is.
struct Witness {
  int member = 0;    ///< 0 the truth; 1, 2, ... members of the reanalysis
  double doubt = 0;  ///< share of the weather's variance that is the member's own
};

enum Latent : std::size_t { high, warmth, moisture };
constexpr std::size_t n_latents = 3;

/// Independent Gaussian fields of mean 0 and variance about 1 (0.9 to 1.1, by place) on the coarse
/// grid, and the gradient of `high` per degree.
struct Weather {
  Fields latent;  ///< [latent, cy, cx]
  Field high_x, high_y;
};

/// Sums of cubic B-splines on two lattices of nodes, 12 degrees and 1.5 coarse cells apart, with
/// noise keyed by node and month; a weighted mean of three months, so that weather persists. A
/// value depends on its place and month alone.
Weather weather_of(const Grid& coarse, double coarse_step, std::uint64_t seed, Month month,
                   const Witness& witness);

}  // namespace hindscale::world
