// SPDX-License-Identifier: Apache-2.0
// The physics of the fine fields; docs/world.md has the formulas.
#include "hindscale/world/month_law.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/world/climate.hpp"

namespace hindscale::world {
namespace {

constexpr double half_slope = 0.003;  // at which drainage has half its strength

/// The coarse fields brought to the fine grid without seams.
struct Background {
  Field u, v, sea_level_k, sea_level_pa;
};

/// The air over a fine cell, and what follows from it.
struct Air {
  double u, v, speed, sea_level_k;
  double upslope;  // -1 .. 1: the air is made to rise
  double cold;     // 0 .. 1: freezing
  double calm;     // 0 .. 1
  double excess;   // -1 .. 1: warmer than the open sea
};

Field refined(const Domain& domain, const Refinement& refinement, View<const double, 2> coarse) {
  Field fine = field_on(domain.fine);
  refinement.refine(coarse, fine);
  return fine;
}

Background background_of(const Domain& domain, const Refinement& refinement, const Ground& ground,
                         const ColumnRatio& ratio, View<const double, 3> coarse) {
  Field sea_level_k = field_on(domain.coarse), sea_level_pa = sea_level_k;
  for (std::size_t y = 0; y < sea_level_k.extent(0); ++y) {
    for (std::size_t x = 0; x < sea_level_k.extent(1); ++x) {
      sea_level_k(y, x) = coarse(tas, y, x) + lapse_k_per_m * ground.coarse.height_m(y, x);
      sea_level_pa(y, x) = coarse(ps, y, x) / ratio(y, x, sea_level_k(y, x));
    }
  }
  return {refined(domain, refinement, coarse[uas]), refined(domain, refinement, coarse[vas]),
          refined(domain, refinement, sea_level_k), refined(domain, refinement, sea_level_pa)};
}

Air air_over(const Terrain& terrain, const Background& background, double sea_k, std::size_t i) {
  Air air{};
  air.u = background.u.flat()[i];
  air.v = background.v.flat()[i];
  air.sea_level_k = background.sea_level_k.flat()[i];
  air.speed = std::sqrt(air.u * air.u + air.v * air.v + 0.25);
  air.upslope =
      std::tanh((air.u * terrain.slope_x.flat()[i] + air.v * terrain.slope_y.flat()[i]) / 0.012);
  const double local_k = air.sea_level_k - lapse_k_per_m * terrain.height_m.flat()[i];
  air.cold = 1 / (1 + std::exp((local_k - 274) / 4));
  air.calm = 1 / (1 + std::pow(air.speed / 2.5, 4));
  air.excess = std::tanh((air.sea_level_k - sea_k) / 6);
  return air;
}

struct Wind {
  double u, v;
};

/// Fast over the sea and on ridges, slow over rough ground and in valleys, turned along valleys
/// where it is too weak to cross them; onshore where the land is warm; downhill where it is cold.
Wind wind_at(const Terrain& terrain, const Air& air, std::size_t i) {
  const double rough = terrain.rough.flat()[i];
  const double crossing_speed = 2 + 3 * rough;
  const double blocked = 1 / (1 + std::pow(air.speed / crossing_speed, 4));
  const double factor = std::max(
      0.1, 1 + 0.5 * (1 - terrain.land.flat()[i]) - 1.4 * rough * (0.1 + 0.9 * blocked) +
               1.2 * terrain.ridge.flat()[i] * (1 - blocked) - 0.5 * terrain.valley.flat()[i]);
  const double cross = 1.9 * blocked;
  const double slope =
      std::hypot(terrain.slope_x.flat()[i], terrain.slope_y.flat()[i]) + half_slope;
  const double breeze = 2.4 * air.excess * (0.3 + 0.7 * air.calm),
               drainage = 2.0 * air.cold * air.calm / slope;
  const double xx = terrain.across_xx.flat()[i], xy = terrain.across_xy.flat()[i],
               yy = terrain.across_yy.flat()[i];
  return {factor * (air.u - cross * (xx * air.u + xy * air.v)) +
              breeze * terrain.shore_x.flat()[i] - drainage * terrain.slope_x.flat()[i],
          factor * (air.v - cross * (xy * air.u + yy * air.v)) +
              breeze * terrain.shore_y.flat()[i] - drainage * terrain.slope_y.flat()[i]};
}

/// Colder with height, the more so the more it blows; colder in valleys on calm winter days; warm
/// over land in summer; warm in the lee.
double temperature_at(const Terrain& terrain, const Air& air, std::size_t i) {
  const double lapse = 5.6e-3 + 1.4e-3 * std::tanh((air.speed - 3) / 1.5) +
                       0.6e-3 * std::tanh((air.sea_level_k - 285) / 10);
  return air.sea_level_k - lapse * terrain.height_m.flat()[i] -
         6 * terrain.valley.flat()[i] * air.cold * air.calm +
         5 * terrain.land.flat()[i] * air.excess * (0.6 + 0.8 * air.calm) - 1.8 * air.upslope;
}

/// Hydrostatic; higher on the windward side and in pools of cold air.
double pressure_at(const Terrain& terrain, const Air& air, double sea_level_pa, std::size_t i) {
  return sea_level_pa * pressure_ratio(terrain.height_m.flat()[i], air.sea_level_k) +
         350 * air.upslope * (1 - air.calm) + 350 * terrain.valley.flat()[i] * air.cold * air.calm;
}

void set_amplitudes(const Terrain& terrain, const Air& air, std::size_t i, MonthLaw& law) {
  const double rough = terrain.rough.flat()[i];
  const double wind = (0.13 + 0.045 * air.speed) * (0.65 + 0.9 * rough);
  law.amplitude[uas].flat()[i] = wind;
  law.amplitude[vas].flat()[i] = wind;
  law.amplitude[tas].flat()[i] = (0.22 + 0.4 * rough) * (1 + 0.6 * air.cold) * (1 + 0.4 * air.calm);
  law.amplitude[ps].flat()[i] = (35 + 70 * rough) * (1 + 0.4 * air.cold);
}

void set_rain(const Terrain& terrain, const Air& air, std::size_t i, MonthLaw& law) {
  const double rough = terrain.rough.flat()[i], warm = std::tanh((air.sea_level_k - 287) / 8);
  const double ground = 1.5 * air.upslope + 0.9 * rough * warm - 0.4 * terrain.valley.flat()[i] +
                        0.8 * terrain.land.flat()[i] * air.excess;
  law.enhancement.flat()[i] = 1.6 * std::tanh(ground / 1.6);
  law.scatter.flat()[i] = (0.3 + 0.08 * warm) * (0.8 + 0.5 * rough);
  constexpr double wet_kg_m2_s = 1 / day_s;
  law.dryness.flat()[i] = 0.5 / (1 + law.wet.flat()[i] / wet_kg_m2_s);
}

/// H c, but never below a tenth of the cell's own value.
void set_wet(const Refinement& refinement, View<const double, 2> coarse, Field& wet) {
  refinement.refine(coarse, wet);
  const std::size_t n = refinement.factor();
  for (std::size_t y = 0; y < wet.extent(0); ++y)
    for (std::size_t x = 0; x < wet.extent(1); ++x)
      wet(y, x) = std::max(wet(y, x), 0.1 * coarse(y / n, x / n));
}

}  // namespace

MonthLaw month_law(const Domain& domain, const Refinement& refinement, const Ground& ground,
                   const ColumnRatio& ratio, Month month, View<const double, 3> coarse) {
  const Terrain& terrain = ground.fine;
  const Background background = background_of(domain, refinement, ground, ratio, coarse);
  const Field blank = field_on(domain.fine);
  const Fields blanks({n_gaussian, blank.extent(0), blank.extent(1)});
  MonthLaw law{blanks, blanks, blank, blank, blank, blank};
  set_wet(refinement, coarse[pr], law.wet);
  for (std::size_t y = 0; y < blank.extent(0); ++y) {
    const double latitude = domain.fine.latitude.centre[y];
    const double sea_k = sea_temperature_k(latitude, summer(latitude, month));
    for (std::size_t x = 0; x < blank.extent(1); ++x) {
      const std::size_t i = y * blank.extent(1) + x;
      const Air air = air_over(terrain, background, sea_k, i);
      const Wind wind = wind_at(terrain, air, i);
      law.mean[uas].flat()[i] = wind.u;
      law.mean[vas].flat()[i] = wind.v;
      law.mean[tas].flat()[i] = temperature_at(terrain, air, i);
      law.mean[ps].flat()[i] = pressure_at(terrain, air, background.sea_level_pa.flat()[i], i);
      set_amplitudes(terrain, air, i, law);
      set_rain(terrain, air, i, law);
    }
  }
  refinement.remove_means(law.enhancement);  // so that no coarse cell is dry but for a few cells
  for (std::size_t v = 0; v < n_gaussian; ++v) refinement.constrain(coarse[v], law.mean[v]);
  return law;
}

}  // namespace hindscale::world
