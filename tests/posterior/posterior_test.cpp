// SPDX-License-Identifier: Apache-2.0
// The pipeline with an analytic score meets the exact posterior within Monte-Carlo error, and fails
// where it should.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "hindscale/model/devices.hpp"
#include "hindscale/model/network.hpp"
#include "posterior/trained_model.hpp"
#include "posterior/trial.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

/// Standard errors a figure may lie from its exact value. Some 30 figures are compared, one of them
/// the farthest of 128: by chance one of them lies beyond in fewer than one of a hundred seeds.
constexpr double standard_errors = 4.5;
/// The sampler's bias, in standard errors, is below one.
constexpr double most_bias = 1;

class Posterior : public testing::Test {
 protected:
  static void SetUpTestSuite() { set_threads(1); }
  static const PosteriorWorld& world() {
    static const PosteriorWorld the_world(32);
    return the_world;
  }
  static Denoise exact(const torch::Tensor& coarse) { return world().denoiser(coarse); }
  /// The farthest any figure whose name begins so lies from its exact value, in standard errors.
  static double distance(const std::vector<PosteriorLine>& lines, const std::string& beginning) {
    double most = 0;
    for (const PosteriorLine& line : lines)
      if (line.name.starts_with(beginning))
        most = std::max(most, std::abs(line.distance()) / line.monte_carlo);
    return most;
  }
};

TEST_F(Posterior, operators_agree_with_each_other) {
  torch::manual_seed(1);
  const torch::Tensor x = world().fields(torch::randn({2000, 1, 32, 32}, torch::kFloat64));
  const torch::Tensor coarse = world().coarsen(x);
  const auto largest = [](const torch::Tensor& t) { return t.abs().max().item<double>(); };
  EXPECT_LT(largest(world().coarsen(world().block_constant(coarse)) - coarse), 1e-12);
  EXPECT_LT(largest(world().coarsen(world().base(coarse)) - coarse), 1e-12);
  EXPECT_LT(largest(world().coarsen(world().posterior_mean(coarse)) - coarse), 1e-10);
  EXPECT_LT(largest(world().coarsen(world().field_of(x, coarse)) - coarse), 1e-12);
  EXPECT_FALSE(torch::allclose(coarse, torch::avg_pool2d(x, 4), 0.01, 0.01)) << "areas matter";
  // Fields have variance 1; what the mean leaves is uncorrelated with what is given.
  const torch::Tensor rest = (x - world().posterior_mean(coarse)).flatten(1);
  EXPECT_NEAR(x.square().mean().item<double>(), 1, 0.05);
  const torch::Tensor cross = torch::mm(rest.t(), coarse.flatten(1)) / 2000;
  EXPECT_LT(largest(cross), 5 * std::sqrt(largest(rest.square().mean(0)) / 2000));
  const torch::Tensor covariance = torch::mm(rest.t(), rest) / 2000;
  const double most = world().posterior_covariance().diagonal().max().item<double>();
  EXPECT_LT(largest(covariance - world().posterior_covariance()), 6 * most * std::sqrt(2.0 / 2000));
  EXPECT_NEAR(((x - world().base(coarse)).square().mean().sqrt() / world().scale()).item<double>(),
              1, 0.02);
}

TEST_F(Posterior, waves_along_rows_of_blocks_give_what_dense_matrices_give) {
  torch::manual_seed(3);
  for (const std::int64_t side : {12, 16}) {
    const PosteriorWorld small(side);
    const torch::Tensor unit = torch::eye(small.n_cells(), torch::kFloat64);
    const torch::Tensor covariance = small.posterior_covariance() / std::pow(small.scale(), 2);
    const torch::Tensor& axes = small.axes();
    EXPECT_TRUE(torch::allclose(torch::mm(axes, axes.t()), unit, 0, 1e-10));
    EXPECT_TRUE(
        torch::allclose(torch::mm(axes * small.variances(), axes.t()), covariance, 0, 1e-10));

    const torch::Tensor coarse =
        small.coarsen(small.fields(torch::randn({3, 1, side, side}, torch::kFloat64)));
    const torch::Tensor mean = (small.posterior_mean(coarse) - small.base(coarse)) / small.scale();
    const torch::Tensor y = torch::randn({3, 1, side, side}, torch::kFloat64);
    for (const double r : {0.1, 3.0}) {
      const torch::Tensor gain = torch::linalg_solve(covariance + r * r * unit, covariance);
      const torch::Tensor dense = mean.flatten(1) + torch::mm((y - mean).flatten(1), gain);
      EXPECT_TRUE(torch::allclose(small.denoiser(coarse)(y, r).flatten(1), dense, 0, 1e-10));
    }
  }
}

TEST_F(Posterior, the_sampler_is_exact_where_the_noise_is_gone) {
  // At r -> 0 the clean field is the field seen; at large r it is the posterior mean.
  torch::manual_seed(2);
  const torch::Tensor x = world().fields(torch::randn({3, 1, 32, 32}));
  const torch::Tensor coarse = world().coarsen(x);
  const torch::Tensor residual = (x - world().base(coarse)) / world().scale();
  const Denoise denoise = exact(coarse);
  EXPECT_TRUE(torch::allclose(denoise(residual, 1e-4), residual, 1e-3, 1e-3));
  EXPECT_TRUE(torch::allclose(world().field_of(denoise(residual, 1e4), coarse),
                              world().posterior_mean(coarse), 1e-3, 1e-3));
}

TEST_F(Posterior, an_analytic_score_meets_the_exact_figures) {
  const PosteriorTrial trial{.levels = exact_levels()};
  const PosteriorFigures figures = run_trial(world(), exact, trial);
  const std::vector<PosteriorLine> lines = compare(world(), trial, figures);
  print_table(lines, figures, trial.n_members);
  for (const PosteriorLine& line : lines)
    EXPECT_LT(std::abs(line.distance()), standard_errors * line.monte_carlo) << line.name;
  EXPECT_LT(rank_chi_square(figures), critical_chi_square(trial.n_members));
  EXPECT_NEAR(critical_chi_square(trial.n_members), 36.191, 0.001);
  EXPECT_LT(figures.coarse_misfit, 1e-5);  // rounding of values of a few units

  const SamplerBias bias = sampler_bias(world(), trial);
  const auto variance = std::ranges::find(lines, "variance of members", &PosteriorLine::name);
  EXPECT_LT(std::abs(bias.variance), most_bias * variance->monte_carlo);
  EXPECT_LT(bias.mean, most_bias * lines.front().monte_carlo) << lines.front().name;
  for (std::size_t k = 0; k < bias.rings.size(); ++k) {
    const auto ring =
        std::ranges::find(lines, "power at wavenumber " + std::to_string(k), &PosteriorLine::name);
    EXPECT_LT(std::abs(bias.rings[k]), most_bias * ring->monte_carlo) << ring->name;
  }
}

/// A tenth of the fields is enough to see these.
PosteriorTrial small_trial() {
  return {.levels = trained_levels(), .n_fields = 100, .n_spectrum_fields = 400};
}

TEST_F(Posterior, noise_a_tenth_too_strong_is_rejected) {
  PosteriorTrial trial = small_trial();
  trial.noise_scale = 1.1;
  const auto lines = compare(world(), trial, run_trial(world(), exact, trial));
  EXPECT_GT(distance(lines, "variance of members"), 2 * standard_errors);
  EXPECT_GT(distance(lines, "power at wavenumber 10"), 2 * standard_errors);
}

TEST_F(Posterior, a_mean_that_ignores_the_coarse_field_is_rejected) {
  const PosteriorTrial trial = small_trial();
  const PosteriorModel base_only = [](const torch::Tensor& coarse) {
    return exact(torch::zeros_like(coarse));
  };
  const auto lines = compare(world(), trial, run_trial(world(), base_only, trial));
  EXPECT_GT(distance(lines, "RMSE"), standard_errors);
}

TEST_F(Posterior, ranks_of_a_wrong_spread_are_rejected) {
  PosteriorTrial trial{.levels = trained_levels()};
  trial.n_spectrum_fields = trial.n_fields;
  trial.noise_scale = 0.8;
  const PosteriorFigures figures = run_trial(world(), exact, trial);
  EXPECT_GT(rank_chi_square(figures), 2 * critical_chi_square(trial.n_members));
}

TEST_F(Posterior, a_training_that_was_stopped_goes_on_to_the_same_bits) {
  const Communicator comm;
  const test::TemporaryFolder temporary(comm);
  const PosteriorTraining plan{.steps = 4, .batch = 2};
  PosteriorTrainer whole(world(), plan), first(world(), plan), second(world(), plan);
  for (int i = 0; i < 4; ++i) whole.step();
  for (int i = 0; i < 2; ++i) first.step();
  first.save(temporary.path());
  second.restore(temporary.path());
  ASSERT_EQ(second.steps_done(), 2);
  for (int i = 0; i < 2; ++i) second.step();
  const NamedTensors expected = parameters_of(*whole.network());
  for (const auto& [name, tensor] : parameters_of(*second.network()))
    EXPECT_TRUE(torch::equal(tensor, expected.at(name))) << name;
}

}  // namespace
}  // namespace hindscale
