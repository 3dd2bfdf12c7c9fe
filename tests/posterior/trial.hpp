// SPDX-License-Identifier: Apache-2.0
// Members sampled for coarse fields of the world, scored, and compared with the exact posterior.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hindscale/metric/ensemble.hpp"
#include "hindscale/metric/spectrum.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/sampler/sampler.hpp"
#include "posterior/world.hpp"

namespace hindscale {

/// The denoiser of residuals for coarse fields [n, 1, side / 4, side / 4].
using PosteriorModel = std::function<Denoise(const torch::Tensor& coarse)>;

struct PosteriorTrial {
  SamplerConfig sampler{.kind = SamplerConfig::Kind::dpmpp_2m};
  std::vector<double> levels{};
  double noise_scale = 1;
  std::int64_t n_fields = 1000;           ///< independent truths with `n_members` each
  std::int64_t n_members = 19;            ///< 20 bins of ranks
  std::int64_t n_spectrum_fields = 4000;  ///< at least `n_fields`; a member of each is transformed
  std::uint64_t seed = 1;
};

/// 81 levels: 1000, then from 55 to 0.01 in nearly equal steps of log r. With the exact denoiser
/// the error of DPM-Solver++ is then below the Monte-Carlo error of a trial's default numbers. The
/// long first step, as in the cosine schedule, gives the state its mean.
std::vector<double> exact_levels();
/// 33 levels: 60, then from 15 to 0.02; errors small beside the targets of a trained model.
std::vector<double> trained_levels();

/// What a trial reached.
struct PosteriorFigures {
  std::vector<MonthEnsemble> fields{};  ///< of each truth, over all cells by area
  std::vector<double> rank_counts{};    ///< one cell a field, chosen at random
  torch::Tensor variance{};  ///< over members (ddof 1), mean over fields, [n_cells], double
  /// Mean power of each mode, [n_cells], double; and spectra along rows: of a member of each field,
  /// and of the exact posterior mean of the same coarse field.
  torch::Tensor mode_power{}, mode_power_of_mean{};
  std::vector<Spectrum> zonal{}, zonal_of_mean{};
  double coarse_misfit = 0;  ///< largest |coarse mean of a member - given one|
};

/// Truths and members are functions of (seed, field, member) alone.
PosteriorFigures run_trial(const PosteriorWorld& world, const PosteriorModel& model,
                           const PosteriorTrial& trial);

/// A figure beside its exact value. `monte_carlo`: relative standard error of `reached` where the
/// model is exact. `target`: relative distance allowed to a trained model.
struct PosteriorLine {
  std::string name;
  double exact = 0;
  double reached = 0;
  double monte_carlo = 0;
  double target = 0;
  [[nodiscard]] double distance() const { return reached / exact - 1; }
};

/// RMSE of the mean of members, CRPS, variance, variance at the place where it is farthest from the
/// exact one, power in each ring of wavenumbers, power along rows where it is farthest. Places that
/// differ by whole blocks along a row are alike and taken together. From the power of members is
/// taken by how much that of the exact posterior means of the same coarse fields differs from its
/// expectation: that is chance alone, and leaves less of it.
std::vector<PosteriorLine> compare(const PosteriorWorld& world, const PosteriorTrial& trial,
                                   const PosteriorFigures& figures);

/// Ranks of the truths in one cell each: sum (count - expected)^2 / expected over the bins, and the
/// value that an exact ensemble exceeds once in a hundred trials.
double rank_chi_square(const PosteriorFigures& figures);
double critical_chi_square(std::int64_t n_members);

/// What the sampler's finite steps leave with the exact denoiser, without Monte-Carlo error: the
/// sampler is run along each principal axis.
struct SamplerBias {
  double mean = 0;      ///< mean square error of the members' mean over the posterior variance
  double variance = 0;  ///< relative error of the members' variance
  std::vector<double> rings{};  ///< relative error of the power in each ring
};
SamplerBias sampler_bias(const PosteriorWorld& world, const PosteriorTrial& trial);

/// One row for each line: exact, reached, ratio, Monte-Carlo error, target, met or missed; then the
/// ranks. Returns whether all targets are met.
bool print_table(const std::vector<PosteriorLine>& lines, const PosteriorFigures& figures,
                 std::int64_t n_members);

}  // namespace hindscale
