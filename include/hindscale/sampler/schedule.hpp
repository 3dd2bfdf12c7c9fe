// SPDX-License-Identifier: Apache-2.0
// Noise levels: those the network is trained at, and those a sampler visits.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hindscale/namelist/network_options.hpp"

namespace hindscale {

/// A level is the ratio r of noise to signal: y = x0 + r n with n of unit variance. The network
/// sees x = y / sqrt(1 + r^2), which has unit variance as x0 has: with abar = 1 / (1 + r^2) that is
/// the x_t of DDPM (Ho et al. 2020), the x(t) of the VP SDE (Song et al. 2021), and the scaled
/// input of EDM (Karras et al. 2022) at sigma_data = 1, whose network output is minus the velocity.
/// So a schedule is the law of r in training and the number that tells the network of it.
struct Schedule {
  std::vector<double> ratio;  ///< r at T equally likely levels, rising, > 0
  std::vector<double> time;   ///< what the network is given at each
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(ratio.size()); }
  [[nodiscard]] double abar(std::size_t t) const { return 1 / (1 + ratio[t] * ratio[t]); }
  /// The network's number for any r > 0: linear in log r between the levels and beyond them.
  [[nodiscard]] double time_of(double r) const;
};

/// The schedule that &diffusion asks for, with `timesteps` levels:
/// 'cosine' Nichol and Dhariwal 2021, eq. 17, s = 0.008, beta <= 0.999; time 0 .. T-1.
/// 'vp'     Song et al. 2021, beta from 0.1 to 20, t in (0, 1]; time 1000 t.
/// 've'     Song et al. 2021, r from 0.01 to 50, geometric; time 250 ln r, as for the two below.
/// 'edm'    Karras et al. 2022, table 1: ln r normal with mean p_mean and deviation p_std.
/// 'rho'    uniform in r^(1/7) from 0.02 to 88 (Price et al. 2023).
Schedule make_schedule(const DiffusionOptions& options);

/// Levels of a sampler.
struct LevelGrid {
  /// 'time': equal steps through the training levels, from the noisiest (t_k = round(k T / S) - 1);
  /// 'rho': equal steps in r^(1/rho) (Karras et al. 2022, eq. 5).
  enum class Spacing { time, rho };
  Spacing spacing = Spacing::time;
  double rho = 7;
  double least = 0.002;  ///< smallest r of 'rho'
  double most = 80;      ///< largest r of 'rho'
};

/// S levels, falling, and 0 behind them. InputError where 'time' has fewer levels than S, or S < 1.
std::vector<double> sampling_levels(const Schedule& schedule, const LevelGrid& grid,
                                    std::int64_t steps);

}  // namespace hindscale
