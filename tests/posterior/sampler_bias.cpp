// SPDX-License-Identifier: Apache-2.0
// What the sampler's finite steps leave, without Monte-Carlo error.
#include <torch/torch.h>

#include <cmath>

#include "posterior/spectra.hpp"
#include "posterior/trial.hpp"

namespace hindscale {
namespace {

/// What the sampler makes of noise and mean of one along each principal axis, [n_cells].
torch::Tensor response(const PosteriorWorld& world, const PosteriorTrial& trial, double noise,
                       double mean) {
  const torch::Tensor variances = world.variances().view({-1, 1, 1, 1});
  const Denoise denoise = [&](const torch::Tensor& y, double r) {
    return mean + (y - mean) * (variances / (variances + r * r));
  };
  const Noise fill = [&](std::int64_t, torch::Tensor& out) { out.fill_(noise); };
  return sample(trial.sampler, trial.levels, {denoise, fill}, torch::empty_like(variances))
      .flatten();
}

/// Fields [n_coarse, 1, side, side] of which independent normal multiples make the means of
/// members.
torch::Tensor mean_fields(const PosteriorWorld& world, const torch::Tensor& kept) {
  const torch::Tensor& covariance = world.coarse_covariance();
  const std::int64_t n_blocks = world.side() / PosteriorWorld::ratio;
  const torch::Tensor coarse =
      torch::linalg_cholesky(covariance).t().reshape({-1, 1, n_blocks, n_blocks});
  const torch::Tensor residual =
      ((world.posterior_mean(coarse) - world.base(coarse)) / world.scale()).flatten(1);
  const torch::Tensor reached =
      torch::mm(torch::mm(residual, world.axes()) * kept, world.axes().t());
  return world.field_of(reached.view({-1, 1, world.side(), world.side()}), coarse);
}

}  // namespace

SamplerBias sampler_bias(const PosteriorWorld& world, const PosteriorTrial& trial) {
  const double unit = world.scale() * world.scale();
  // Along the coarse means the projection leaves nothing.
  const torch::Tensor made = response(world, trial, 1, 0).square() * (world.variances() > 0);
  const torch::Tensor& shares = world.area_shares();
  const torch::Tensor variance = shares.dot(world.posterior_covariance().diagonal());
  const torch::Tensor by_place = torch::matmul(world.axes().square(), made * unit);
  const torch::Tensor means = mean_fields(world, response(world, trial, 0, 1));
  const torch::Tensor exact_means = mean_fields(world, torch::ones_like(made));
  const torch::Tensor misses = (means - exact_means).square().sum(0).flatten();
  const torch::Tensor rows = world.axes().t().reshape({-1, 1, world.side(), world.side()});
  const torch::Tensor waves = torch::fft_fft2(rows) / static_cast<double>(world.n_cells());
  const torch::Tensor by_mode = torch::matmul(made * unit, waves.abs().square().flatten(1)) +
                                mode_power(means) * static_cast<double>(means.size(0));
  const torch::Tensor group = rings(world), exact = grouped(world.mode_power().flatten(), group);
  return {.mean = (shares.dot(misses) / variance).item<double>(),
          .variance = (shares.dot(by_place) / variance).item<double>() - 1,
          .rings = to_vector(grouped(by_mode, group) / exact - 1)};
}

}  // namespace hindscale
