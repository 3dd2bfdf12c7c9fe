// SPDX-License-Identifier: Apache-2.0
// The learning rate of each step: a linear warm-up, then half a cosine down to zero.
#pragma once

#include <cstdint>

namespace hindscale {

struct LearningRateOptions {
  double peak = 1e-3;
  std::int64_t warmup = 0;  ///< steps of the linear rise, 0: none
  std::int64_t steps = 1;   ///< of the whole training; a run that stops earlier keeps this schedule
};

/// Rate of step 0, 1, ... steps - 1: peak * (step + 1) / warmup while step < warmup, then
/// peak / 2 * (1 + cos(pi * (step - warmup) / (steps - warmup))), which reaches zero at `steps`.
double learning_rate(const LearningRateOptions& options, std::int64_t step);

}  // namespace hindscale
