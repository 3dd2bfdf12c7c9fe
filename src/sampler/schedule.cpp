// SPDX-License-Identifier: Apache-2.0
// The cosine schedule and the times of a sampler.
#include "hindscale/sampler/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "hindscale/core/error.hpp"

namespace hindscale {

Schedule cosine_schedule(std::int64_t steps) {
  HINDSCALE_ASSERT(steps >= 1);
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
    schedule.abar.push_back(abar);
  }
  return schedule;
}

std::vector<std::int64_t> sampling_times(const Schedule& schedule, std::int64_t steps) {
  if (steps < 1 || steps > schedule.steps()) {
    throw InputError({.problem = "number of sampling steps",
                      .value = std::to_string(steps),
                      .why = "the schedule has " + std::to_string(schedule.steps()),
                      .advice = "choose 1 to that many",
                      .key = "sampling/steps"});
  }
  std::vector<std::int64_t> times;
  for (std::int64_t k = steps; k >= 1; --k) {
    times.push_back(std::llround(static_cast<double>(k) * static_cast<double>(schedule.steps()) /
                                 static_cast<double>(steps)) -
                    1);
  }
  return times;
}

}  // namespace hindscale
