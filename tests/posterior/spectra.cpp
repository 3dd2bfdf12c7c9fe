// SPDX-License-Identifier: Apache-2.0
// Power of modes and its scatter by linear algebra.
#include "posterior/spectra.hpp"

#include <torch/torch.h>

#include <cmath>
#include <numbers>

namespace hindscale {
namespace {

torch::Tensor signed_waves(const PosteriorWorld& world) {
  return torch::fft_fftfreq(world.side(), 1 / static_cast<double>(world.side()), torch::kFloat64);
}

/// |covariance|^2 of the modes of the posterior, [n_cells, n_cells], and their variances.
std::pair<torch::Tensor, torch::Tensor> posterior_modes(const PosteriorWorld& world) {
  const std::int64_t side = world.side(), n = world.n_cells();
  const double scale = 1 / static_cast<double>(n);
  const torch::Tensor right =
      torch::fft_fft2(world.posterior_covariance().view({n, side, side})).view({n, n}).conj();
  const torch::Tensor both =
      torch::fft_fft2(right.t().reshape({n, side, side})).view({n, n}) * (scale * scale);
  return {both.abs().square(), torch::real(both.diagonal()).clone()};
}

}  // namespace

std::vector<double> to_vector(const torch::Tensor& values) {
  const torch::Tensor whole = values.to(torch::kFloat64).contiguous();
  return {whole.data_ptr<double>(), whole.data_ptr<double>() + whole.numel()};
}

torch::Tensor rings(const PosteriorWorld& world) {
  const torch::Tensor k = signed_waves(world).square();
  const double last = std::floor(static_cast<double>(world.side()) / std::numbers::sqrt2);
  const torch::Tensor wavenumber = (k.unsqueeze(1) + k.unsqueeze(0)).sqrt();
  return wavenumber.round().clamp_max(last).to(torch::kInt64).flatten();
}

torch::Tensor zonal_waves(const PosteriorWorld& world) {
  return signed_waves(world).abs().to(torch::kInt64).repeat({world.side()});
}

torch::Tensor grouped(const torch::Tensor& values, const torch::Tensor& group) {
  std::vector<std::int64_t> shape = values.sizes().vec();
  shape.back() = group.max().item<std::int64_t>() + 1;
  return torch::zeros(shape, torch::kFloat64).index_add(-1, group, values);
}

torch::Tensor mode_power(const torch::Tensor& fields) {
  const auto n = static_cast<double>(fields.size(2) * fields.size(3));
  const torch::Tensor waves = torch::fft_fft2(fields.to(torch::kFloat64)) / n;
  return waves.abs().square().mean(0).flatten();
}

PowerLaw power_law(const PosteriorWorld& world, const torch::Tensor& group, std::int64_t n_fields) {
  const auto [squares, rest] = posterior_modes(world);
  const torch::Tensor power = world.mode_power().flatten();
  const torch::Tensor exact = grouped(power, group);
  // A member is m + e. |m + e|^2 - |m|^2 = |e|^2 + 2 Re(m e*) has the variance 2 |C_ij|^2 + 4
  // Re(C_ij M_ij*) summed over all pairs of modes, C and M the covariances of e and m, and M = P -
  // C with P diagonal.
  const torch::Tensor pairs = grouped(grouped(squares, group).t(), group).diagonal();
  const torch::Tensor variance = 4 * grouped(rest * power, group) - 2 * pairs;
  return {.power = to_vector(exact),
          .of_mean = to_vector(grouped(power - rest, group)),
          .standard_error = to_vector((variance / static_cast<double>(n_fields)).sqrt() / exact)};
}

}  // namespace hindscale
