// SPDX-License-Identifier: Apache-2.0
// Samplers: from noise to a clean field in a few evaluations of the network.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hindscale {

/// The clean field E[x0 | y] that the network sees behind y = x0 + r n, all [n, c, h, w] (fused
/// over tiles where there are tiles).
using Denoise = std::function<torch::Tensor(const torch::Tensor& y, double r)>;

/// Fills `out` [n, c, h, w] (contiguous float32) with numbers of unit variance and the law of the
/// noise in training, the same ones for
/// the same `draw`. Draw 0 makes the initial state; those that follow are numbered as they are
/// needed. Deterministic samplers ask for 0 only.
using Noise = std::function<void(std::int64_t draw, torch::Tensor& out)>;

/// Mean square of each sample of [n, c, h, w], as [n, 1, 1, 1].
using MeanSquare = std::function<torch::Tensor(const torch::Tensor&)>;
torch::Tensor mean_square_of_tensor(const torch::Tensor& x);

/// What a sampler works on. Where a tensor holds a part of each field only, `mean_square` is that
/// of the whole fields.
struct Process {
  Denoise denoise;
  Noise noise;
  MeanSquare mean_square = mean_square_of_tensor;
};

/// In the coordinates (y, r) the probability flow is dy/dr = (y - E[x0 | y]) / r for every schedule
/// (Karras et al. 2022, eq. 3), and for every law of the noise n: along y = x0 + r n the mean
/// velocity at y is E[n | y] = (y - E[x0 | y]) / r, so that this flow carries the law of y from
/// level to level. Samplers that add noise on the way rest on the score (E[x0 | y] - y) / r^2,
/// which holds for Gaussian noise only. Its Euler step is the DDIM step, and also the exponential
/// integrator in the noise (Zhang and Chen 2022): one method, not three.
struct SamplerConfig {
  enum class Kind {
    ddpm,                 ///< ancestral, Ho et al. 2020, algorithm 2, posterior variance
    ddim,                 ///< Song et al. 2021, eq. 12, with `eta`
    multistep,            ///< second-order Adams-Bashforth in the angle atan(r)
    dpmpp_2m,             ///< DPM-Solver++, two steps, Lu et al. 2022, algorithm 2
    dpmpp_2s,             ///< DPM-Solver++, single step, algorithm 1 with r1 = 1/2
    euler,                ///< Karras et al. 2022 without correction, with churn
    heun,                 ///< Karras et al. 2022, algorithms 1 and 2, with churn
    euler_maruyama,       ///< the reverse SDE, Song et al. 2021
    predictor_corrector,  ///< DDIM with `eta`, then Langevin steps
    adaptive              ///< the flow by Dormand and Prince's method, error below `tolerance`
  };
  enum class Corrector {
    snr,  ///< step from the ratio of norms of noise and score, Song et al. 2021, algorithm 4
    sda   ///< step tau / mean(eps^2), Rozet and Louppe 2023
  };
  Kind kind = Kind::multistep;
  double eta = 0;          ///< of ddim and predictor_corrector: 0 deterministic .. 1 ancestral
  double clip = 0;         ///< the clean field is held within +-clip at each step; 0: not
  double churn = 0;        ///< S_churn of euler and heun
  double churn_from = 0;   ///< least r with churn
  double churn_to = 1e9;   ///< largest r with churn
  double churn_noise = 1;  ///< S_noise
  std::int64_t corrections = 1;  ///< Langevin steps of predictor_corrector after each step
  Corrector corrector = Corrector::sda;
  double corrector_size = 0.25;  ///< tau, or the signal-to-noise ratio
  double tolerance = 1e-4;       ///< of adaptive: error of a step, absolute and relative
};

/// "ddim", "heun", ...; InputError for another name.
SamplerConfig::Kind sampler_kind_of(std::string_view name);
std::string name_of(SamplerConfig::Kind kind);

/// Whether fresh noise enters on the way, which has to be Gaussian as that of training.
bool adds_noise(const SamplerConfig& config);

/// Evaluations of the network for a field in so many steps; 0 where it depends on the field.
std::int64_t evaluations_of(const SamplerConfig& config, std::int64_t steps);

/// The clean field. `levels`: r, falling, 0 at the end (sampling_levels). `like` gives shape [n, c,
/// h, w], type and device; its values are not used. A sample depends on its own noise and
/// predictions only, not on the batch it is in. InputError for numbers out of range.
torch::Tensor sample(const SamplerConfig& config, const std::vector<double>& levels,
                     const Process& process, const torch::Tensor& like);

/// log p(x0) in nats for each of x0 [n, c, h, w], for Gaussian noise, by the flow from `least` to
/// `most` (Song et al. 2021, eq. 39), integrated as 'adaptive' does. Exact but for `tolerance`: the
/// trace of the Jacobian is taken by one backward pass a dimension. `denoise` is differentiable.
torch::Tensor log_likelihood(const Denoise& denoise, const torch::Tensor& x0, double least,
                             double most, double tolerance);

}  // namespace hindscale
