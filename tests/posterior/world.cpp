// SPDX-License-Identifier: Apache-2.0
// The world's fields, operators and posterior.
#include "posterior/world.hpp"

#include <torch/torch.h>

#include <cmath>
#include <numbers>
#include <tuple>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// Signed wavenumbers of a transform of n values, squared.
torch::Tensor squared_wavenumbers(std::int64_t n) {
  const torch::Tensor k = torch::fft_fftfreq(n, 1 / static_cast<double>(n), torch::kFloat64);
  return k.square().unsqueeze(1) + k.square().unsqueeze(0);
}

/// Linear interpolation between block centres on a circle, [side, side / ratio].
torch::Tensor linear_interpolation(std::int64_t side, std::int64_t ratio) {
  const std::int64_t n_blocks = side / ratio;
  torch::Tensor weights = torch::zeros({side, n_blocks}, torch::kFloat64);
  for (std::int64_t i = 0; i < side; ++i) {
    const double place = (static_cast<double>(i) + 0.5) / static_cast<double>(ratio) - 0.5;
    const double below = std::floor(place), share = place - below;
    const std::int64_t block = (static_cast<std::int64_t>(below) + n_blocks) % n_blocks;
    weights[i][block] += 1 - share;
    weights[i][(block + 1) % n_blocks] += share;
  }
  return weights;
}

/// Every unit field of a grid, [n^2, 1, n, n].
torch::Tensor unit_fields(std::int64_t n) {
  return torch::eye(n * n, torch::kFloat64).view({n * n, 1, n, n});
}

}  // namespace

PosteriorWorld::PosteriorWorld(std::int64_t side)
    : side_(side), areas_({static_cast<std::size_t>(side), static_cast<std::size_t>(side)}) {
  HINDSCALE_ASSERT(side >= 2 * ratio && side % ratio == 0);
  constexpr double corner = 2;            // wavenumber where the spectrum bends
  constexpr double area_amplitude = 0.8;  // rows like those from near a pole to the equator
  const double turn = 2 * std::numbers::pi / static_cast<double>(side);
  for (std::size_t row = 0; row < areas_.extent(0); ++row)
    for (std::size_t column = 0; column < areas_.extent(1); ++column)
      areas_(row, column) = 1 + area_amplitude * std::cos(turn * (static_cast<double>(row) + 0.5));
  const torch::Tensor areas =
      torch::from_blob(areas_.data(), {side, side}, torch::kFloat64).clone();
  area_shares_ = (areas / areas.sum()).flatten();
  const torch::Tensor rows = areas.select(1, 0).view({-1, ratio});
  row_shares_ = (rows / rows.sum(1, true)).flatten();
  power_ = (squared_wavenumbers(side) + corner * corner).pow(-2);
  power_ = power_ / power_.sum();
  interpolation_ = linear_interpolation(side, ratio);
  condition();
}

void PosteriorWorld::condition() {
  const std::int64_t n = n_cells(), n_blocks = side_ / ratio;
  const torch::Tensor prior = fields(fields(unit_fields(side_))).view({n, n});
  const torch::Tensor means = coarsen(unit_fields(side_)).view({n, -1}).t();
  // x given c has the mean K c and the covariance S - K H S, K = S H^T (H S H^T)^-1.
  const torch::Tensor cross = torch::mm(means, prior);
  coarse_covariance_ = torch::mm(cross, means.t());
  gain_ = torch::cholesky_solve(cross, torch::linalg_cholesky(coarse_covariance_)).t();
  covariance_ = prior - torch::mm(gain_, cross);
  covariance_ = 0.5 * (covariance_ + covariance_.t());
  const torch::Tensor interpolated = base(unit_fields(n_blocks)).view({n_blocks * n_blocks, n}).t();
  const torch::Tensor missed = torch::eye(n, torch::kFloat64) - torch::mm(interpolated, means);
  scale_ =
      std::sqrt(torch::mm(missed, prior).mul(missed).sum().item<double>() / static_cast<double>(n));
  find_axes();
}

void PosteriorWorld::find_axes() {
  const std::int64_t n_blocks = side_ / ratio, n_places = side_ * ratio;
  // Of each place in the first column of blocks with all cells, then with each wave.
  const torch::Tensor first = covariance_.view({side_, n_blocks, ratio, n_cells()}).select(1, 0);
  const torch::Tensor waves = to_waves(first.reshape({n_places, 1, side_, side_}));
  std::tie(wave_variances_, wave_axes_) =
      torch::linalg_eigh(waves.transpose(1, 2).contiguous() / (scale_ * scale_));
  wave_variances_.narrow(1, 0, n_blocks).zero_();  // rounding only: the means are given

  // A wave that is not its own mirror image stands for two, its real and its imaginary part.
  std::vector<torch::Tensor> variances, axes;
  const torch::Tensor block = torch::arange(n_blocks, torch::kFloat64).view({1, -1, 1, 1});
  for (std::int64_t q = 0; q < wave_axes_.size(0); ++q) {
    const double turn =
        2 * std::numbers::pi * static_cast<double>(q * ratio) / static_cast<double>(side_);
    const torch::Tensor wave = torch::polar(torch::ones_like(block), block * turn);
    const torch::Tensor whole =
        (wave_axes_[q].view({side_, 1, ratio, n_places}) * wave).reshape({n_cells(), n_places}) /
        std::sqrt(static_cast<double>(n_blocks));
    const bool is_alone = 2 * q % n_blocks == 0;
    const std::vector<torch::Tensor> parts =
        is_alone ? std::vector{torch::real(whole)}
                 : std::vector{torch::real(whole) * std::numbers::sqrt2,
                               torch::imag(whole) * std::numbers::sqrt2};
    for (const torch::Tensor& part : parts) {
      axes.push_back(part);
      variances.push_back(wave_variances_[q]);
    }
  }
  variances_ = torch::cat(variances);
  axes_ = torch::cat(axes, 1);
}

torch::Tensor PosteriorWorld::to_waves(const torch::Tensor& fields) const {
  const torch::Tensor blocks = fields.reshape({-1, side_, side_ / ratio, ratio});
  return torch::fft_rfft(blocks, {}, 2).permute({2, 0, 1, 3}).flatten(2);
}

torch::Tensor PosteriorWorld::from_waves(const torch::Tensor& waves) const {
  const torch::Tensor blocks = waves.view({waves.size(0), -1, side_, ratio}).permute({1, 2, 0, 3});
  return torch::fft_irfft(blocks, side_ / ratio, 2).reshape({-1, 1, side_, side_});
}

torch::Tensor PosteriorWorld::fields(const torch::Tensor& white) const {
  // White noise has variance n_cells in each unnormalised mode, and a field's variance is theirs
  // over n_cells^2.
  const torch::Tensor amplitude =
      (power_ * static_cast<double>(n_cells())).sqrt().to(white.scalar_type());
  return torch::real(torch::fft_ifft2(torch::fft_fft2(white) * amplitude)).contiguous();
}

torch::Tensor PosteriorWorld::coarsen(const torch::Tensor& fine) const {
  const std::int64_t n_blocks = side_ / ratio;
  const torch::Tensor weighted = fine * row_shares_.to(fine.scalar_type()).view({side_, 1});
  return weighted.reshape({-1, 1, n_blocks, ratio, n_blocks, ratio}).sum({3, 5}) / ratio;
}

torch::Tensor PosteriorWorld::block_constant(const torch::Tensor& coarse) const {
  return coarse.repeat_interleave(ratio, 2).repeat_interleave(ratio, 3);
}

torch::Tensor PosteriorWorld::base(const torch::Tensor& coarse) const {
  const torch::Tensor weights = interpolation_.to(coarse.scalar_type());
  const torch::Tensor smooth = torch::matmul(torch::matmul(weights, coarse), weights.t());
  return smooth + block_constant(coarse - coarsen(smooth));
}

torch::Tensor PosteriorWorld::field_of(const torch::Tensor& residual,
                                       const torch::Tensor& coarse) const {
  const torch::Tensor made = base(coarse) + scale_ * residual;
  return made + block_constant(coarse - coarsen(made));
}

torch::Tensor PosteriorWorld::posterior_mean(const torch::Tensor& coarse) const {
  const torch::Tensor gain = gain_.to(coarse.scalar_type());
  return torch::mm(coarse.flatten(1), gain.t()).view({-1, 1, side_, side_});
}

Denoise PosteriorWorld::denoiser(const torch::Tensor& coarse) const {
  const torch::Tensor mean = (posterior_mean(coarse) - base(coarse)) / scale_;
  return [this, mean](const torch::Tensor& y, double r) {
    auto found = shrinkage_.find(r);
    if (found == shrinkage_.end()) {
      const torch::Tensor shares = wave_variances_ / (wave_variances_ + r * r);
      const torch::Tensor matrices =
          torch::matmul(wave_axes_ * shares.unsqueeze(1), wave_axes_.transpose(1, 2).conj());
      const torch::Tensor transposed = matrices.transpose(1, 2).contiguous();
      const bool is_double = y.scalar_type() == torch::kFloat64;
      found =
          shrinkage_
              .emplace(r, transposed.to(is_double ? torch::kComplexDouble : torch::kComplexFloat))
              .first;
    }
    return mean + from_waves(torch::bmm(to_waves(y - mean), found->second));
  };
}

}  // namespace hindscale
