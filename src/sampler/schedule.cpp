// SPDX-License-Identifier: Apache-2.0
// The schedules of training and the levels of a sampler.
#include "hindscale/sampler/schedule.hpp"

#include <algorithm>
#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// Nichol and Dhariwal 2021, eq. 17.
Schedule cosine_schedule(std::int64_t steps) {
  constexpr double offset = 0.008;     // keeps the first steps from being too small
  constexpr double most_beta = 0.999;  // keeps the last step from being singular
  const auto signal = [steps](std::int64_t t) {
    const double share =
        (static_cast<double>(t) / static_cast<double>(steps) + offset) / (1 + offset);
    return std::pow(std::cos(share * std::numbers::pi / 2), 2);
  };
  Schedule schedule;
  double abar = 1;
  for (std::int64_t t = 0; t < steps; ++t) {
    const double beta = std::min(1 - signal(t + 1) / signal(t), most_beta);
    abar *= 1 - beta;
    schedule.ratio.push_back(std::sqrt((1 - abar) / abar));
    schedule.time.push_back(static_cast<double>(t));
  }
  return schedule;
}

/// r as a function of the quantile u in (0, 1), and the time as one of u and r.
Schedule quantile_schedule(std::int64_t steps, const std::function<double(double)>& ratio,
                           const std::function<double(double, double)>& time) {
  Schedule schedule;
  for (std::int64_t t = 0; t < steps; ++t) {
    const double u = (static_cast<double>(t) + 0.5) / static_cast<double>(steps);
    schedule.ratio.push_back(ratio(u));
    schedule.time.push_back(time(u, schedule.ratio.back()));
  }
  return schedule;
}

double log_time(double /*u*/, double r) {
  constexpr double scale = 250;  // a quarter of ln r (Karras et al. 2022), times 1000
  return scale * std::log(r);
}

/// Variance preserving, Song et al. 2021, eq. 33: sqrt(1/abar - 1).
double vp_ratio(double t) {
  constexpr double least_beta = 0.1, most_beta = 20;
  return std::sqrt(std::expm1(0.5 * t * t * (most_beta - least_beta) + t * least_beta));
}

/// Between two ends, equal steps in the root.
double on_rho_scale(double least, double most, double rho, double u) {
  const double a = std::pow(least, 1 / rho), b = std::pow(most, 1 / rho);
  return std::pow(a + u * (b - a), rho);
}

}  // namespace

double Schedule::time_of(double r) const {
  HINDSCALE_ASSERT(r > 0 && steps() >= 2);
  const auto above = std::lower_bound(ratio.begin(), ratio.end(), r);
  const auto last = static_cast<std::size_t>(steps() - 1);
  const std::size_t i =
      std::clamp<std::size_t>(static_cast<std::size_t>(above - ratio.begin()), 1, last);
  if (ratio[i] == r) return time[i];
  const double share =
      (std::log(r) - std::log(ratio[i - 1])) / (std::log(ratio[i]) - std::log(ratio[i - 1]));
  return time[i - 1] + share * (time[i] - time[i - 1]);
}

Schedule make_schedule(const DiffusionOptions& options) {
  const std::int64_t n = options.timesteps;
  HINDSCALE_ASSERT(n >= 2);
  if (options.schedule == "cosine") return cosine_schedule(n);
  if (options.schedule == "vp")
    return quantile_schedule(n, vp_ratio, [](double u, double) { return 1000 * u; });
  if (options.schedule == "ve") {
    constexpr double least = 0.01, most = 50;
    return quantile_schedule(
        n, [](double u) { return least * std::pow(most / least, u); }, log_time);
  }
  if (options.schedule == "edm") {
    const double mean = options.p_mean, deviation = options.p_std;
    return quantile_schedule(
        n,
        [=](double u) {
          return std::exp(mean + deviation * std::numbers::sqrt2 * boost::math::erf_inv(2 * u - 1));
        },
        log_time);
  }
  HINDSCALE_ASSERT(options.schedule == "rho");
  constexpr double least = 0.02, most = 88, rho = 7;
  return quantile_schedule(
      n, [](double u) { return on_rho_scale(least, most, rho, u); }, log_time);
}

std::vector<double> sampling_levels(const Schedule& schedule, const LevelGrid& grid,
                                    std::int64_t steps) {
  const bool by_time = grid.spacing == LevelGrid::Spacing::time;
  if (steps < 1 || (by_time && steps > schedule.steps())) {
    throw InputError({.problem = "number of sampling steps",
                      .value = std::to_string(steps),
                      .why = "the schedule has " + std::to_string(schedule.steps()) + " levels",
                      .advice = "choose 1 to that many",
                      .key = "sampling/steps"});
  }
  std::vector<double> levels;
  const auto n = static_cast<double>(steps);
  for (std::int64_t k = steps; k >= 1; --k) {
    const auto part = static_cast<double>(k);
    if (by_time) {
      const auto t = std::llround(part * static_cast<double>(schedule.steps()) / n) - 1;
      levels.push_back(schedule.ratio[static_cast<std::size_t>(t)]);
    } else {
      const double u = steps > 1 ? (part - 1) / (n - 1) : 1;
      levels.push_back(on_rho_scale(grid.least, grid.most, grid.rho, u));
    }
  }
  levels.push_back(0);
  return levels;
}

}  // namespace hindscale
