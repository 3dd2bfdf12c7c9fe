// SPDX-License-Identifier: Apache-2.0
// What the network's output means: noise or velocity, to and from the clean field.
#pragma once

#include <torch/types.h>

#include <string>
#include <string_view>

namespace hindscale {

/// x_t = sqrt(abar) x0 + sqrt(1 - abar) eps. `eps`: the noise (Ho et al. 2020); `v` = sqrt(abar)
/// eps - sqrt(1 - abar) x0 (Salimans and Ho 2022). `mean`: no diffusion at all, the conditional
/// mean of the field itself, from an input without a noisy field.
enum class Prediction { eps, v, mean };

/// "eps", "v" or "mean"; InputError for another name.
Prediction prediction_of(std::string_view name);
std::string name_of(Prediction prediction);

struct Denoised {
  torch::Tensor x0;
  torch::Tensor eps;
};

/// The clean field and the noise that an output means, all shaped as x_t. 0 < abar < 1; not for
/// `mean`.
Denoised denoise(Prediction prediction, const torch::Tensor& output, const torch::Tensor& x_t,
                 double abar);

/// x_t of training; abar broadcasts, e.g. [n, 1, 1, 1].
torch::Tensor add_noise(const torch::Tensor& x0, const torch::Tensor& eps,
                        const torch::Tensor& abar);

/// What the network should give at x_t.
torch::Tensor training_target(Prediction prediction, const torch::Tensor& x0,
                              const torch::Tensor& eps, const torch::Tensor& abar);

}  // namespace hindscale
