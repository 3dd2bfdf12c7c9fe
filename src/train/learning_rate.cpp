// SPDX-License-Identifier: Apache-2.0
// The learning-rate schedule.
#include "hindscale/train/learning_rate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hindscale {

double learning_rate(const LearningRateOptions& options, std::int64_t step) {
  const std::int64_t warmup = std::min(options.warmup, options.steps);
  if (step < warmup)
    return options.peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  const std::int64_t fall = options.steps - warmup;
  if (fall <= 0) return options.peak;
  const double fraction =
      std::min(1.0, static_cast<double>(step - warmup) / static_cast<double>(fall));
  return 0.5 * options.peak * (1 + std::cos(std::numbers::pi * fraction));
}

}  // namespace hindscale
