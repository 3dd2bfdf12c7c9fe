// SPDX-License-Identifier: Apache-2.0
// Samplers: from noise to a clean field in a few evaluations of the network.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "hindscale/model/denoiser.hpp"
#include "hindscale/sampler/schedule.hpp"

namespace hindscale {

/// The raw network prediction at x [n, c, y, x] and time t, of the same shape (fused over tiles
/// where there are tiles).
using Denoise = std::function<torch::Tensor(const torch::Tensor& x, std::int64_t t)>;

/// Fills `out` [n, c, y, x] (contiguous float32) with standard normal numbers: i_step 0 is the
/// initial state, i_step i the noise added at the end of step i (1..S-1). A deterministic sampler
/// asks for 0 only.
using Noise = std::function<void(std::int64_t i_step, torch::Tensor& out)>;

struct SamplerConfig {
  enum class Kind {
    ddim,      ///< Song et al. 2021, eq. 12
    ddpm,      ///< ancestral, Ho et al. 2020, algorithm 2, posterior variance; on a subset of times
               ///< with that subset's steps
    multistep  ///< probability flow in the angle acos(sqrt(abar)), second-order Adams-Bashforth
  };
  Kind kind = Kind::multistep;
  std::int64_t steps = 8;
  double eta = 0;   ///< of ddim: 0 deterministic .. 1 ancestral
  double clip = 0;  ///< the clean field is held within +-clip at each step; 0: not
  Prediction prediction = Prediction::v;
};

/// "ddim", "ddpm", "multistep"; InputError for another name.
SamplerConfig::Kind sampler_kind_of(std::string_view name);
std::string name_of(SamplerConfig::Kind kind);

/// The clean field in normalised space. `like` gives shape [n, c, y, x] and device; its values are
/// not used. Element-wise apart from `denoise`, so a sample depends on its own noise and
/// predictions only. InputError for steps out of range, eta or clip < 0.
torch::Tensor sample(const SamplerConfig& config, const Schedule& schedule, const Denoise& denoise,
                     const Noise& noise, const torch::Tensor& like);

}  // namespace hindscale
