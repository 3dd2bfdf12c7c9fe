// SPDX-License-Identifier: Apache-2.0
// Samplers with a perfect denoiser: the law of the samples, and the order of convergence to the
// exact flow.
#include <gtest/gtest.h>

#include <cmath>

#include "sampler/gaussian_world.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;

struct LawCase {
  SamplerConfig config;
  double bias;  ///< relative error of a variance that the finite step size leaves at this number of
                ///< steps
};

class SampledLaw : public testing::TestWithParam<LawCase> {};

TEST_P(SampledLaw, is_the_gaussian) {
  const GaussianWorld world;
  const Schedule schedule = cosine_schedule(1000);
  const SamplerConfig& config = GetParam().config;
  constexpr std::int64_t n = 10000;
  const torch::Tensor x = sample(config, schedule, world.denoiser(schedule, config.prediction),
                                 seeded_noise(3), torch::empty({n, GaussianWorld::size, 1, 1}));
  const torch::Tensor rows = x.flatten(1).to(torch::kFloat64);
  const torch::Tensor variances = world.covariance().diagonal();
  constexpr double deviations = 4.5;  // of the Monte-Carlo error; some 30 numbers are looked at
  const torch::Tensor mean_error = (rows.mean(0) - world.mean()).abs();
  EXPECT_TRUE((mean_error < deviations * torch::sqrt(variances / n) + 0.002).all().item<bool>())
      << mean_error;
  const torch::Tensor products = variances.unsqueeze(0) * variances.unsqueeze(1);
  const torch::Tensor spread = torch::sqrt((products + world.covariance().square()) / n);
  const torch::Tensor error = (torch::cov(rows.t()) - world.covariance()).abs();
  EXPECT_TRUE(
      (error < deviations * spread + GetParam().bias * torch::sqrt(products)).all().item<bool>())
      << error;
}

INSTANTIATE_TEST_SUITE_P(
    Samplers, SampledLaw,
    testing::Values(
        LawCase{{.kind = Kind::ddpm, .steps = 1000, .prediction = Prediction::eps}, 0.01},
        LawCase{{.kind = Kind::ddpm, .steps = 250, .prediction = Prediction::v}, 0.03},
        LawCase{{.kind = Kind::ddim, .steps = 250, .prediction = Prediction::v}, 0.01},
        LawCase{{.kind = Kind::ddim, .steps = 250, .eta = 1, .prediction = Prediction::v}, 0.02},
        LawCase{{.kind = Kind::ddim, .steps = 250, .eta = 0.5, .prediction = Prediction::eps},
                0.01},
        LawCase{{.kind = Kind::multistep, .steps = 40, .prediction = Prediction::v}, 0.01},
        LawCase{{.kind = Kind::multistep, .steps = 40, .prediction = Prediction::eps}, 0.01}));

/// Root mean square distance from the exact end of the flow.
double flow_error(Kind kind, std::int64_t steps) {
  const GaussianWorld world;
  const Schedule schedule = cosine_schedule(6400);
  const SamplerConfig config{.kind = kind, .steps = steps, .prediction = Prediction::v};
  torch::Tensor start = torch::empty({200, GaussianWorld::size, 1, 1});
  const Noise noise = seeded_noise(5);
  noise(0, start);
  const torch::Tensor x =
      sample(config, schedule, world.denoiser(schedule, Prediction::v), noise, start);
  return (x - world.flow_to_data(start, schedule.abar.back()))
      .square()
      .mean()
      .sqrt()
      .item<double>();
}

double order_of_convergence(Kind kind, std::int64_t steps) {
  return std::log2(flow_error(kind, steps) / flow_error(kind, 2 * steps));
}

TEST(ProbabilityFlow, ddim_converges_at_first_order) {
  EXPECT_NEAR(order_of_convergence(Kind::ddim, 40), 1, 0.1);
  EXPECT_NEAR(order_of_convergence(Kind::ddim, 80), 1, 0.1);
}

TEST(ProbabilityFlow, multistep_converges_at_second_order) {
  EXPECT_NEAR(order_of_convergence(Kind::multistep, 40), 2, 0.25);
  EXPECT_NEAR(order_of_convergence(Kind::multistep, 80), 2, 0.25);
}

TEST(ProbabilityFlow, multistep_keeps_more_variance_than_ddim_in_eight_steps) {
  EXPECT_LT(flow_error(Kind::multistep, 8), 0.6 * flow_error(Kind::ddim, 8));
}

}  // namespace
}  // namespace hindscale
