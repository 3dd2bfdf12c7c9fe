// SPDX-License-Identifier: Apache-2.0
// Worlds where the perfect denoiser is known: a field with the covariance of a random field, and a
// mixture of Gaussians.
#pragma once

#include <torch/types.h>

#include <cmath>
#include <vector>

#include "hindscale/model/devices.hpp"
#include "hindscale/sampler/sampler.hpp"
#include "hindscale/sampler/schedule.hpp"

namespace hindscale {

/// x0 ~ N(mean, covariance) on 4 x 4 cells: deviations from 0.5 to 1.5, correlation falling like
/// exp(-distance / 2). Fields are [n, 4, 4] with any axes
/// before them; matrices are double.
class GaussianWorld {
 public:
  static constexpr std::int64_t side = 4, size = side * side;

  GaussianWorld() {
    set_threads(1);  // the matrices are too small to share
    const torch::Tensor index = torch::arange(size, torch::kFloat64);
    const torch::Tensor row = torch::floor(index / side), column = index - side * row;
    mean_ = 0.7 * torch::sin(index);
    const torch::Tensor deviations = 0.5 + index / (size - 1);
    const torch::Tensor distance =
        torch::sqrt((row.unsqueeze(0) - row.unsqueeze(1)).square() +
                    (column.unsqueeze(0) - column.unsqueeze(1)).square());
    covariance_ = torch::exp(-distance / 2) * deviations.unsqueeze(0) * deviations.unsqueeze(1);
    std::tie(variances_, axes_) = torch::linalg_eigh(covariance_);
  }

  [[nodiscard]] const torch::Tensor& mean() const { return mean_; }
  [[nodiscard]] const torch::Tensor& covariance() const { return covariance_; }
  [[nodiscard]] static torch::Tensor like(std::int64_t n,
                                          torch::ScalarType type = torch::kFloat64) {
    return torch::empty({n, 1, side, side}, type);
  }

  /// E[x0 | y] = m + C (C + r^2 I)^-1 (y - m).
  [[nodiscard]] Denoise denoiser() const {
    return [this](const torch::Tensor& y, double r) {
      const torch::Tensor gain = axes_ * (variances_ / (variances_ + r * r));
      const torch::Tensor rows = y.reshape({-1, size}).to(torch::kFloat64);
      const torch::Tensor x0 = mean_ + torch::matmul(torch::matmul(rows - mean_, gain), axes_.t());
      return x0.to(y.scalar_type()).view_as(y);
    };
  }

  /// The end at r = 0 of the probability flow through y: each principal axis scales like its
  /// standard deviation.
  [[nodiscard]] torch::Tensor flow_to_data(const torch::Tensor& y, double r) const {
    const torch::Tensor along = torch::matmul(y.flatten(1).to(torch::kFloat64) - mean_, axes_);
    const torch::Tensor scale = torch::sqrt(variances_ / (variances_ + r * r));
    return (mean_ + torch::matmul(along * scale, axes_.t())).view_as(y);
  }

  /// log p(x0) in nats.
  [[nodiscard]] torch::Tensor log_density(const torch::Tensor& x0) const {
    const torch::Tensor along = torch::matmul(x0.flatten(1) - mean_, axes_);
    return -0.5 * ((along.square() / variances_).sum(1) + variances_.log().sum() +
                   static_cast<double>(size) * std::log(2 * M_PI));
  }

 private:
  torch::Tensor mean_, covariance_, variances_, axes_;
};

/// Three Gaussians of two correlated values, [n, 2, 1] with any axes before them: the second value
/// follows the first.
class MixtureWorld {
 public:
  static constexpr double share[3] = {0.5, 0.3, 0.2}, centre[3] = {-1.5, 0.5, 2.0}, variance = 0.09,
                          slope = 0.5;

  /// E[x0 | y]: the parts' own answers, weighted by their share behind y.
  [[nodiscard]] static Denoise denoiser() {
    return [](const torch::Tensor& y, double r) {
      const torch::Tensor rows = y.reshape({-1, 2}).to(torch::kFloat64);
      const double noisy = variance + r * r;
      std::vector<torch::Tensor> logs, means;
      for (int k = 0; k < 3; ++k) {
        const torch::Tensor middle = torch::tensor({centre[k], slope * centre[k]}, torch::kFloat64);
        logs.push_back(std::log(share[k]) - 0.5 * (rows - middle).square().sum(1) / noisy);
        means.push_back(middle + (rows - middle) * (variance / noisy));
      }
      const torch::Tensor weights = torch::softmax(torch::stack(logs), 0).unsqueeze(-1);
      return (weights * torch::stack(means)).sum(0).to(y.scalar_type()).view_as(y);
    };
  }

  /// Distribution function of the first value.
  [[nodiscard]] static double below(double x) {
    double sum = 0;
    for (int k = 0; k < 3; ++k)
      sum += share[k] * 0.5 * std::erfc((centre[k] - x) / std::sqrt(2 * variance));
    return sum;
  }
};

/// The levels of Karras et al. 2022.
inline std::vector<double> karras_levels(std::int64_t steps, double least = 0.002,
                                         double most = 80) {
  return sampling_levels({}, {LevelGrid::Spacing::rho, 7, least, most}, steps);
}

/// Standard normal numbers that depend on the seed and the draw only.
inline Noise seeded_noise(std::uint64_t seed) {
  return [seed](std::int64_t draw, torch::Tensor& out) {
    torch::manual_seed(seed * 100003 + static_cast<std::uint64_t>(draw));
    out.normal_();
  };
}

}  // namespace hindscale
