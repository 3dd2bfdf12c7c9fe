// SPDX-License-Identifier: Apache-2.0
// The noise schedule of training and the times a sampler visits.
#pragma once

#include <cstdint>
#include <vector>

namespace hindscale {

/// abar[t], t = 0..T-1: the share of signal variance left at time t; decreasing, within (0, 1).
struct Schedule {
  std::vector<double> abar;
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(abar.size()); }
};

/// Nichol and Dhariwal 2021, eq. 17: abar = f(t)/f(0), f(t) = cos^2(pi/2 (t/T + s)/(1 + s)), s =
/// 0.008, beta <= 0.999. T >= 1.
Schedule cosine_schedule(std::int64_t steps);

/// t_k = round(k T / S) - 1 for k = S..1: S times, descending; S = T gives all. InputError unless 1
/// <= S <= T.
std::vector<std::int64_t> sampling_times(const Schedule& schedule, std::int64_t steps);

}  // namespace hindscale
