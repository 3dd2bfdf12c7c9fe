// SPDX-License-Identifier: Apache-2.0
// How far the law of the samples is from the exact one, against evaluations: for the samplers that
// add noise, which have no exact end to compare with, and for the adaptive one.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "sampler/gaussian_world.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;

constexpr std::int64_t most_draws = 400;

/// Noise that is one unit of one draw in each field, and none in the first field.
Noise unit_noise() {
  return [](std::int64_t draw, torch::Tensor& out) {
    ASSERT_LT(draw, most_draws);
    out.zero_();
    const std::int64_t first = 1 + draw * GaussianWorld::size;
    out.flatten(1).narrow(0, first, GaussianWorld::size).diagonal().fill_(1);
  };
}

double relative_error(const torch::Tensor& covariance) {
  const torch::Tensor exact = GaussianWorld().covariance();
  return ((covariance - exact).norm() / exact.norm()).item<double>();
}

/// Frobenius norm of the covariance's error over that of the covariance. With a denoiser that is
/// linear, so is the sampler in all its draws: their responses are the covariance, without any
/// Monte-Carlo error.
double exact_law_error(const SamplerConfig& config, std::int64_t steps) {
  const GaussianWorld world;
  const torch::Tensor x = sample(config, karras_levels(steps), {world.denoiser(), unit_noise()},
                                 GaussianWorld::like(1 + most_draws * GaussianWorld::size))
                              .flatten(1);
  const torch::Tensor response = x - x[0];
  return relative_error(torch::matmul(response.t(), response));
}

/// The same from 20,000 fields, good to about a percent: Langevin steps depend on norms.
double sampled_law_error(const SamplerConfig& config, std::int64_t steps) {
  const GaussianWorld world;
  constexpr std::int64_t n = 20000;
  const torch::Tensor x = sample(config, karras_levels(steps), {world.denoiser(), seeded_noise(6)},
                                 torch::empty({n / 100, 100, 4, 4}, torch::kFloat64));
  return relative_error(torch::cov(x.reshape({n, GaussianWorld::size}).t()));
}

struct NoisyCase {
  const char* name;
  SamplerConfig config;
  double order;  ///< of the covariance in the step
};

class LawError : public testing::TestWithParam<NoisyCase> {};

TEST_P(LawError, falls_with_the_order_of_the_method) {
  const auto& [name, config, order] = GetParam();
  std::printf("| %-30s |", name);
  for (const std::int64_t steps : {8, 16, 32, 64, 128})
    std::printf(" %4ld: %.1e |", static_cast<long>(evaluations_of(config, steps)),
                exact_law_error(config, steps));
  const double found = std::log2(exact_law_error(config, 100) / exact_law_error(config, 200));
  std::printf(" order %.2f |\n", found);
  EXPECT_NEAR(found, order, 0.15);
}

INSTANTIATE_TEST_SUITE_P(
    Samplers, LawError,
    testing::Values(NoisyCase{"ddpm", {.kind = Kind::ddpm}, 1},
                    NoisyCase{"ddim, eta 0.5", {.kind = Kind::ddim, .eta = 0.5}, 1},
                    NoisyCase{"euler, churn 10", {.kind = Kind::euler, .churn = 10}, 1},
                    NoisyCase{"heun, churn 10", {.kind = Kind::heun, .churn = 10}, 2},
                    NoisyCase{"euler_maruyama", {.kind = Kind::euler_maruyama}, 1}));

TEST(LawErrorOfLangevinSteps, falls_with_the_steps_of_the_predictor) {
  const SamplerConfig config{.kind = Kind::predictor_corrector, .corrector_size = 0.05};
  double before = HUGE_VAL;
  std::printf("| predictor_corrector |");
  for (const std::int64_t steps : {8, 16, 32, 64}) {
    const double error = sampled_law_error(config, steps);
    std::printf(" %4ld: %.1e |", static_cast<long>(evaluations_of(config, steps)), error);
    EXPECT_LT(error, before);
    before = error;
  }
  std::printf("\n");
}

TEST(FlowError, of_adaptive_steps_falls_with_the_evaluations) {
  const GaussianWorld world;
  constexpr std::int64_t n_fields = 100;
  const std::vector<double> levels = karras_levels(2);
  torch::Tensor start = GaussianWorld::like(n_fields, torch::kFloat32);
  seeded_noise(5)(0, start);
  const torch::Tensor exact =
      world.flow_to_data(start.to(torch::kFloat64) * levels.front(), levels.front());
  double before = HUGE_VAL;
  std::printf("| adaptive |");
  for (const double tolerance : {1e-2, 1e-3, 1e-4, 1e-5, 1e-6}) {
    int n = 0;  // calls, one field each
    const Denoise counted = [&, inner = world.denoiser()](const torch::Tensor& y, double r) {
      ++n;
      return inner(y, r);
    };
    const torch::Tensor x = sample({.kind = Kind::adaptive, .tolerance = tolerance}, levels,
                                   {counted, seeded_noise(5)}, GaussianWorld::like(n_fields));
    const double error = (x - exact).square().mean().sqrt().item<double>();
    std::printf(" %.0e: %.0f, %.1e |", tolerance, n / static_cast<double>(n_fields), error);
    EXPECT_LT(error, before);
    before = error;
  }
  std::printf("\n");
}

}  // namespace
}  // namespace hindscale
