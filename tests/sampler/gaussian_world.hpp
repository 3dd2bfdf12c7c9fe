// SPDX-License-Identifier: Apache-2.0
// A world where the perfect denoiser and the exact probability flow are known: a correlated
// Gaussian.
#pragma once

#include <torch/torch.h>

#include <cmath>

#include "hindscale/model/devices.hpp"
#include "hindscale/sampler/sampler.hpp"

namespace hindscale {

/// x0 ~ N(mean, covariance) over 6 values, held as [n, 6, 1, 1]. Matrices are double on the host.
class GaussianWorld {
 public:
  static constexpr std::int64_t size = 6;

  GaussianWorld() {
    set_threads(1);  // the matrices are too small to share
    const torch::Tensor index = torch::arange(size, torch::kFloat64);
    mean_ = 0.7 * torch::sin(index);
    const torch::Tensor deviations = 0.5 + 0.2 * index;  // 0.5 .. 1.5
    const torch::Tensor correlation =
        torch::pow(0.7, (index.unsqueeze(0) - index.unsqueeze(1)).abs());
    covariance_ = correlation * deviations.unsqueeze(0) * deviations.unsqueeze(1);
    std::tie(variances_, axes_) = torch::linalg_eigh(covariance_);
  }

  [[nodiscard]] const torch::Tensor& mean() const { return mean_; }
  [[nodiscard]] const torch::Tensor& covariance() const { return covariance_; }

  /// E[x0 | x_t] = m + sqrt(a) C (a C + (1 - a) I)^-1 (x_t - sqrt(a) m), given as the prediction
  /// asked for.
  [[nodiscard]] Denoise denoiser(const Schedule& schedule, Prediction prediction) const {
    return [this, schedule, prediction](const torch::Tensor& x, std::int64_t t) {
      const double abar = schedule.abar[static_cast<std::size_t>(t)];
      const double signal = std::sqrt(abar), noise = std::sqrt(1 - abar);
      const torch::Tensor gain = axes_ * (signal * variances_ / (abar * variances_ + 1 - abar));
      const torch::Tensor rows = x.flatten(1).to(torch::kFloat64);
      const torch::Tensor x0 =
          mean_ + torch::matmul(torch::matmul(rows - signal * mean_, gain), axes_.t());
      const torch::Tensor eps = (rows - signal * x0) / noise;
      const torch::Tensor output = prediction == Prediction::eps ? eps : signal * eps - noise * x0;
      return output.to(torch::kFloat32).view_as(x);
    };
  }

  /// The end at abar = 1 of the probability flow through x at `abar`: each principal axis scales
  /// like its standard deviation.
  [[nodiscard]] torch::Tensor flow_to_data(const torch::Tensor& x, double abar) const {
    const torch::Tensor along =
        torch::matmul(x.flatten(1).to(torch::kFloat64) - std::sqrt(abar) * mean_, axes_);
    const torch::Tensor scale = torch::sqrt(variances_ / (abar * variances_ + 1 - abar));
    return (mean_ + torch::matmul(along * scale, axes_.t())).view_as(x);
  }

 private:
  torch::Tensor mean_, covariance_, variances_, axes_;
};

/// Standard normal numbers that depend on the seed and the step only.
inline Noise seeded_noise(std::uint64_t seed) {
  return [seed](std::int64_t i_step, torch::Tensor& out) {
    torch::manual_seed(seed * 100003 + static_cast<std::uint64_t>(i_step));
    out.normal_();
  };
}

}  // namespace hindscale
