// SPDX-License-Identifier: Apache-2.0
// Samplers with a perfect denoiser: the law of the samples, the order of convergence to the exact
// flow, and the likelihood along it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sampler/gaussian_world.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;
using Corrector = SamplerConfig::Corrector;

struct LawCase {
  SamplerConfig config;
  std::int64_t steps;
  double bias;  ///< relative error of a variance that the finite step size leaves
  friend void PrintTo(const LawCase& law, std::ostream* out) {
    *out << name_of(law.config.kind) << " " << law.steps;
  }
};

/// A hundred independent fields make one sample: the correctors take norms over a sample.
class SampledLaw : public testing::TestWithParam<LawCase> {};

TEST_P(SampledLaw, is_the_gaussian) {
  const GaussianWorld world;
  constexpr std::int64_t n = 10000;
  const torch::Tensor x = sample(GetParam().config, karras_levels(GetParam().steps),
                                 {world.denoiser(), seeded_noise(3)},
                                 torch::empty({n / 100, 100, 4, 4}, torch::kFloat64));
  const torch::Tensor rows = x.reshape({n, GaussianWorld::size});
  const torch::Tensor variances = world.covariance().diagonal();
  constexpr double deviations = 5;  // of the Monte-Carlo error; some 150 numbers are looked at
  const torch::Tensor mean_error = (rows.mean(0) - world.mean()).abs();
  EXPECT_TRUE((mean_error < deviations * torch::sqrt(variances / n) + 0.002).all().item<bool>())
      << mean_error;
  const torch::Tensor products = variances.unsqueeze(0) * variances.unsqueeze(1);
  const torch::Tensor spread = torch::sqrt((products + world.covariance().square()) / n);
  const torch::Tensor error = (torch::cov(rows.t()) - world.covariance()).abs();
  EXPECT_TRUE(
      (error < deviations * spread + GetParam().bias * torch::sqrt(products)).all().item<bool>())
      << (error / torch::sqrt(products)).max();
}

TEST_P(SampledLaw, is_the_mixture) {
  constexpr std::int64_t n = 10000;
  const torch::Tensor x = sample(GetParam().config, karras_levels(GetParam().steps),
                                 {MixtureWorld::denoiser(), seeded_noise(4)},
                                 torch::empty({n / 100, 100, 2, 1}, torch::kFloat64))
                              .reshape({n, 2});
  const torch::Tensor first = std::get<0>(x.select(1, 0).flatten().sort());
  double distance = 0;  // of Kolmogorov and Smirnov
  for (std::int64_t i = 0; i < n; ++i) {
    const double expected = MixtureWorld::below(first[i].item<double>());
    distance = std::max(distance, std::abs(expected - (static_cast<double>(i) + 0.5) / n));
  }
  constexpr double critical = 1.95;  // once in a thousand
  EXPECT_LT(distance, critical / std::sqrt(static_cast<double>(n)) + GetParam().bias / 2);
  const torch::Tensor rest =
      (x.select(1, 1) - MixtureWorld::slope * x.select(1, 0)).square().mean();
  const double expected = MixtureWorld::variance * (1 + MixtureWorld::slope * MixtureWorld::slope);
  EXPECT_NEAR(rest.item<double>() / expected, 1, 5 * std::sqrt(2.0 / n) + 2 * GetParam().bias);
}

INSTANTIATE_TEST_SUITE_P(
    Samplers, SampledLaw,
    testing::Values(
        LawCase{{.kind = Kind::ddpm}, 400, 0.02}, LawCase{{.kind = Kind::ddim}, 400, 0.02},
        LawCase{{.kind = Kind::ddim, .eta = 0.5}, 400, 0.02},
        LawCase{{.kind = Kind::multistep}, 60, 0.01}, LawCase{{.kind = Kind::dpmpp_2m}, 60, 0.01},
        LawCase{{.kind = Kind::dpmpp_2s}, 60, 0.01}, LawCase{{.kind = Kind::euler}, 400, 0.02},
        LawCase{{.kind = Kind::euler, .churn = 20}, 400, 0.02},
        LawCase{{.kind = Kind::heun}, 60, 0.01},
        LawCase{{.kind = Kind::heun, .churn = 20}, 100, 0.02},
        LawCase{{.kind = Kind::euler_maruyama}, 800, 0.03},
        LawCase{{.kind = Kind::predictor_corrector, .corrector_size = 0.05}, 200, 0.06},
        LawCase{{.kind = Kind::predictor_corrector,
                 .corrector = Corrector::snr,
                 .corrector_size = 0.08},
                200,
                0.06},
        LawCase{{.kind = Kind::adaptive, .tolerance = 1e-3}, 2, 0.02}));

/// Root mean square distance from the exact end of the flow.
double flow_error(const SamplerConfig& config, std::int64_t steps) {
  const GaussianWorld world;
  const std::vector<double> levels = karras_levels(steps);
  torch::Tensor start = GaussianWorld::like(100, torch::kFloat32);
  const Noise noise = seeded_noise(5);
  noise(0, start);
  const torch::Tensor x =
      sample(config, levels, {world.denoiser(), noise}, GaussianWorld::like(100));
  const torch::Tensor exact =
      world.flow_to_data(start.to(torch::kFloat64) * levels.front(), levels.front());
  return (x - exact).square().mean().sqrt().item<double>();
}

struct OrderCase {
  Kind kind;
  double order;
};

class Convergence : public testing::TestWithParam<OrderCase> {};

TEST_P(Convergence, has_the_order_of_the_method) {
  const SamplerConfig config{.kind = GetParam().kind};
  std::printf("| %-12s |", name_of(config.kind).c_str());
  for (const std::int64_t steps : {8, 16, 32, 64, 128}) {
    std::printf(" %4ld: %.1e |", static_cast<long>(evaluations_of(config, steps)),
                flow_error(config, steps));
  }
  const double order = std::log2(flow_error(config, 100) / flow_error(config, 200));
  std::printf(" order %.2f |\n", order);
  EXPECT_NEAR(order, GetParam().order, 0.15);
}

INSTANTIATE_TEST_SUITE_P(Samplers, Convergence,
                         testing::Values(OrderCase{Kind::ddim, 1}, OrderCase{Kind::euler, 1},
                                         OrderCase{Kind::multistep, 2},
                                         OrderCase{Kind::dpmpp_2m, 2}, OrderCase{Kind::dpmpp_2s, 2},
                                         OrderCase{Kind::heun, 2}));

TEST(Flow, adaptive_steps_keep_to_the_tolerance) {
  for (const double tolerance : {1e-3, 1e-6})
    EXPECT_LT(flow_error({.kind = Kind::adaptive, .tolerance = tolerance}, 2),
              20 * tolerance + 1e-5);
}

TEST(Flow, ddim_euler_and_the_exponential_integrator_are_one) {
  const GaussianWorld world;
  const std::vector<double> levels{30, 4, 1, 0.3, 0.02, 0};
  const auto run = [&](Kind kind) {
    return sample({.kind = kind}, levels, {world.denoiser(), seeded_noise(2)},
                  GaussianWorld::like(3));
  };
  // The exponential integrator of SDA (Rozet and Louppe 2023) in x = mu x0 + sigma eps.
  const auto mu = [](double r) { return 1 / std::sqrt(1 + r * r); };
  torch::Tensor start = GaussianWorld::like(3, torch::kFloat32);
  seeded_noise(2)(0, start);
  torch::Tensor x = start.to(torch::kFloat64) * levels[0] * mu(levels[0]);
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    const double r = levels[i], next = levels[i + 1], share = mu(next) / mu(r);
    const torch::Tensor y = x / mu(r), eps = (y - world.denoiser()(y, r)) / r;
    x = share * x + (next * mu(next) - share * r * mu(r)) * eps;
  }
  EXPECT_TRUE(torch::allclose(run(Kind::ddim), x, 1e-9, 1e-9));
  EXPECT_TRUE(torch::allclose(run(Kind::euler), x, 1e-9, 1e-9));
}

TEST(LogLikelihood, is_the_analytic_one) {
  const GaussianWorld world;
  torch::manual_seed(8);
  const torch::Tensor x0 =
      world.mean().view({1, 1, 4, 4}) + torch::randn({3, 1, 4, 4}, torch::kFloat64);
  const torch::Tensor found = log_likelihood(world.denoiser(), x0, 1e-4, 1e5, 1e-7);
  const torch::Tensor expected = world.log_density(x0);
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-3) << found << expected;
}

}  // namespace
}  // namespace hindscale
