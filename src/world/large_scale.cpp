// SPDX-License-Identifier: Apache-2.0
// The invented climate of the coarse cells; docs/world.md has the formulas.
#include "hindscale/world/large_scale.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/world/climate.hpp"

namespace hindscale::world {
namespace {

constexpr double coldest_k = 220;  // of the table
constexpr std::size_t n_temperatures = 111;

constexpr double mean_pressure_pa = 101300;
constexpr double belt_pa = 600;     // highs at 30 degrees, lows at 0 and 60
constexpr double monsoon_pa = 900;  // high over a continent in winter, low in summer
constexpr double belt_width = 30;   // degrees
constexpr double wind_of_gradient = 1 / (1.2 * 1e-4);  // m/s of 1 Pa/m: density times Coriolis

/// What is known of a coarse cell in a month.
struct Place {
  double latitude, season, continent, land, rough, height_m;
  double high, high_x, high_y, warmth, moisture;  // the weather
};

/// Sea-level pressure and the wind along its isobars.
struct Flow {
  double pressure_pa, u, v;
};

double anomaly_pa(const Place& place) {
  return (120 + 4 * std::abs(place.latitude)) * (1 - 0.25 * place.season);
}

Flow flow_of(const Place& place, const CoarseTerrain& ground, std::size_t y, std::size_t x) {
  const double side = place.latitude < 0 ? -1 : 1;
  const double phase = std::numbers::pi * (std::abs(place.latitude) - belt_width) / belt_width;
  const double contrast = -monsoon_pa * place.season;
  Flow flow{};
  flow.pressure_pa = mean_pressure_pa + belt_pa * std::cos(phase) +
                     contrast * (place.continent - 0.5) + anomaly_pa(place) * place.high;
  const double belt_slope = -belt_pa * std::numbers::pi / belt_width * std::sin(phase) * side;
  const double north = (belt_slope + anomaly_pa(place) * place.high_y) / metres_per_degree +
                       contrast * ground.continent_y(y, x);
  const double east =
      anomaly_pa(place) * place.high_x / (metres_per_degree * std::cos(place.latitude * degree)) +
      contrast * ground.continent_x(y, x);
  const double drag = (0.65 + 0.45 * (1 - place.land)) / (1 + 0.6 * place.rough);
  const double factor = wind_of_gradient * std::tanh(place.latitude / 5) * drag;
  flow.u = -factor * north;
  flow.v = factor * east;
  return flow;
}

/// At sea level, without the warming: it is warm where pressure is low.
double sea_level_temperature(const Place& place) {
  const double poleward = std::abs(place.latitude);
  const double continental = place.continent * (0.3 * poleward * place.season - poleward / 22);
  const double anomaly = (0.7 + 0.03 * poleward) * (1 - 0.25 * place.season) *
                         (0.5 + 0.5 * place.continent) * (0.87 * place.warmth - 0.5 * place.high);
  return sea_temperature_k(place.latitude, place.season) + continental + anomaly;
}

/// kg m-2 s-1; the monsoon, dry interiors, lows, moist flow from the equator, upslope flow.
double rain_of(const Place& place, const Flow& flow, double upslope_m_s) {
  const double poleward = std::abs(place.latitude);
  const double side = place.latitude < 0 ? -1 : 1;
  const double monsoon = std::exp(-std::pow((poleward - 27) / 18, 2)) * place.season;
  const double interior = std::max(0.0, place.continent - 0.6) / 0.4;
  const double logarithm = 0.8 + 1.0 * monsoon - 0.02 * (poleward - 30) - 1.5 * interior +
                           0.35 * place.moisture - 0.3 * place.high +
                           0.4 * std::tanh(side * flow.v / 4) + 0.6 * std::tanh(upslope_m_s / 0.01);
  return std::exp(logarithm) / day_s;
}

}  // namespace

ColumnRatio::ColumnRatio(const Domain& domain, const Refinement& refinement, const Field& height_m)
    : table_({n_temperatures, domain.coarse.n_rows(), domain.coarse.n_columns()}) {
  Field ratio(height_m.shape());
  for (std::size_t t = 0; t < n_temperatures; ++t) {
    for (std::size_t i = 0; i < ratio.size(); ++i)
      ratio.flat()[i] = pressure_ratio(height_m.flat()[i], coldest_k + static_cast<double>(t));
    refinement.coarsen(ratio, table_[t]);
  }
}

double ColumnRatio::operator()(std::size_t y, std::size_t x, double sea_level_k) const {
  const double place =
      std::clamp(sea_level_k - coldest_k, 0.0, static_cast<double>(n_temperatures - 1));
  const std::size_t low = std::min(static_cast<std::size_t>(place), n_temperatures - 2);
  const double part = place - static_cast<double>(low);
  return (1 - part) * table_(low, y, x) + part * table_(low + 1, y, x);
}

LargeScale::LargeScale(const Domain& domain, const CoarseTerrain& ground, const ColumnRatio& ratio,
                       const Settings& settings)
    : domain_(domain), ground_(ground), ratio_(ratio), settings_(settings) {}

double LargeScale::warming(Month month) const {
  constexpr double span_months = 186 * 12;
  const double part = (month - Month(1836, 1) + 0.5) / span_months;
  return settings_.warming_k * part * std::max(0.0, part);
}

void LargeScale::make(Month month, const Witness& witness, View<double, 3> coarse) const {
  const Weather now =
      weather_of(domain_.coarse, domain_.coarse_step, settings_.seed, month, witness);
  for (std::size_t y = 0; y < domain_.coarse.n_rows(); ++y) {
    const double latitude = domain_.coarse.latitude.centre[y];
    const double season = summer(latitude, month);
    for (std::size_t x = 0; x < domain_.coarse.n_columns(); ++x) {
      const Place place{latitude,
                        season,
                        ground_.continent(y, x),
                        ground_.land(y, x),
                        ground_.rough(y, x),
                        ground_.height_m(y, x),
                        now.latent(high, y, x),
                        now.high_x(y, x),
                        now.high_y(y, x),
                        now.latent(warmth, y, x),
                        now.latent(moisture, y, x)};
      const Flow flow = flow_of(place, ground_, y, x);
      const double sea_level_k = sea_level_temperature(place) + warming(month);
      coarse(uas, y, x) = flow.u;
      coarse(vas, y, x) = flow.v;
      coarse(tas, y, x) = sea_level_k - lapse_k_per_m * place.height_m;
      coarse(ps, y, x) = flow.pressure_pa * ratio_(y, x, sea_level_k);
      coarse(pr, y, x) =
          rain_of(place, flow, flow.u * ground_.slope_x(y, x) + flow.v * ground_.slope_y(y, x));
    }
  }
}

}  // namespace hindscale::world
