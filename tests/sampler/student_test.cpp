// SPDX-License-Identifier: Apache-2.0
// Noise of Student's t: the flow of a perfect denoiser ends in a heavy-tailed target of known law.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/sampler/generator.hpp"
#include "sampler/gaussian_world.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;

constexpr double critical = 1.95;   // of the Kolmogorov-Smirnov distance, once in a thousand
constexpr double step_bias = 0.01;  // in a distribution, by the finite steps

/// Each sample with a scale of its own; 0 degrees of freedom: Gaussian.
Noise keyed_noise(double degrees_of_freedom) {
  return [degrees_of_freedom](std::int64_t draw, torch::Tensor& out) {
    const auto size = static_cast<std::size_t>(out.numel() / out.size(0));
    for (std::int64_t i = 0; i < out.size(0); ++i)
      fill_noise(
          {.seed = 6, .a = static_cast<std::uint64_t>(i), .c = static_cast<std::uint32_t>(draw)},
          degrees_of_freedom, 0, {out[i].data_ptr<float>(), size});
  };
}

double distance(const torch::Tensor& values, const std::function<double(double)>& distribution) {
  const torch::Tensor sorted = std::get<0>(values.flatten().sort());
  const auto n = sorted.numel();
  double largest = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double expected = distribution(sorted[i].item<double>());
    largest = std::max(
        largest, std::abs(expected - (static_cast<double>(i) + 0.5) / static_cast<double>(n)));
  }
  return largest;
}

class DeterministicSampler : public testing::TestWithParam<Kind> {};

/// x0 = m + s w, n = s z with w ~ N(0, C), z ~ N(0, 1) and one scale s: behind y = x0 + r n lies
/// m + C (C + r^2)^-1 (y - m), whatever s. The target is a multivariate Student-t field.
TEST_P(DeterministicSampler, recovers_a_student_field_that_shares_its_scale_with_the_noise) {
  constexpr double degrees = 5;
  constexpr std::int64_t n = 4000;
  const GaussianWorld world;
  const auto squares_of = [&](double degrees_of_noise) {
    const torch::Tensor x =
        sample({.kind = GetParam(), .tolerance = 1e-3}, karras_levels(60),
               {world.denoiser(), keyed_noise(degrees_of_noise)}, GaussianWorld::like(n));
    const torch::Tensor rows = x.reshape({n, GaussianWorld::size}) - world.mean();
    // (x - m)' C^-1 (x - m) / d has the law of (nu - 2) / nu F(d, nu).
    const torch::Tensor whitened = torch::linalg_solve(world.covariance(), rows.t()).t();
    return (rows * whitened).sum(1) / static_cast<double>(GaussianWorld::size);
  };
  const boost::math::fisher_f_distribution<double> law(GaussianWorld::size, degrees);
  const auto expected = [&](double x) { return cdf(law, x * degrees / (degrees - 2)); };
  const double bound = critical / std::sqrt(static_cast<double>(n)) + step_bias;
  EXPECT_LT(distance(squares_of(degrees), expected), bound);
  EXPECT_GT(distance(squares_of(0), expected), 5 * bound);  // Gaussian noise does not
}

/// One value x0 and its noise n, both Student's t and independent, as in training. With their
/// scales a and b given all is Gaussian: E[x0 | y, a, b] = y a^2 / (a^2 + r^2 b^2); over the scales
/// it is summed by the trapezoid rule in their logarithms.
Denoise independent_student(double degrees) {
  constexpr std::int64_t n_nodes = 24;
  const torch::Tensor log_scale =
      torch::linspace(std::log(0.2), std::log(40), n_nodes, torch::kFloat64);
  const torch::Tensor kappa = (degrees - 2) * torch::exp(-2 * log_scale);
  const torch::Tensor log_density = 0.5 * degrees * torch::log(kappa) - 0.5 * kappa;
  const torch::Tensor square = torch::exp(2 * log_scale);
  return [=](const torch::Tensor& y, double r) {
    const torch::Tensor signal = square.view({1, -1, 1});
    const torch::Tensor variance = signal + r * r * square.view({1, 1, -1});
    const torch::Tensor values = y.to(torch::kFloat64).reshape({-1, 1, 1});
    const torch::Tensor log_weight = log_density.view({1, -1, 1}) + log_density.view({1, 1, -1}) -
                                     0.5 * values.square() / variance - 0.5 * torch::log(variance);
    const torch::Tensor weight = torch::softmax(log_weight.flatten(1), 1);
    const torch::Tensor share = (weight * (signal / variance).flatten(1)).sum(1);
    return (y.to(torch::kFloat64) * share.view_as(y)).to(y.scalar_type());
  };
}

TEST_P(DeterministicSampler, recovers_a_student_target_of_its_own_scale) {
  constexpr double degrees = 4;
  constexpr std::int64_t n = 3000;
  const torch::Tensor x = sample({.kind = GetParam(), .tolerance = 1e-2}, karras_levels(24, 0.01),
                                 {independent_student(degrees), keyed_noise(degrees)},
                                 torch::empty({n, 1, 1, 1}, torch::kFloat64));
  const boost::math::students_t_distribution<double> law(degrees);
  const double unit = std::sqrt(degrees / (degrees - 2));
  EXPECT_LT(distance(x, [&](double value) { return cdf(law, value * unit); }),
            critical / std::sqrt(static_cast<double>(n)) + step_bias);
  // Beyond three standard deviations a Gaussian has 0.0027 of its values.
  const double beyond = (x.abs() > 3).to(torch::kFloat64).mean().item<double>();
  const double expected = 2 * cdf(law, -3 * unit);
  const double error = 4 * std::sqrt(expected / static_cast<double>(n));
  EXPECT_GT(expected - error, 0.0027);  // or else the next line would prove nothing
  EXPECT_NEAR(beyond, expected, error);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DeterministicSampler,
                         testing::Values(Kind::multistep, Kind::dpmpp_2m, Kind::heun),
                         [](const auto& one) { return name_of(one.param); });

TEST(StudentNoise, is_refused_with_samplers_that_add_noise) {
  Options options;
  DiffusionOptions trained;
  trained.noise_degrees_of_freedom = 5;
  const auto key_of = [&](const std::string& sampler, double eta, double churn) -> std::string {
    options.sampling.sampler = sampler;
    options.sampling.eta = eta;
    options.sampling.churn = churn;
    try {
      EXPECT_EQ(generator_options(options, trained).noise_degrees_of_freedom, 5);
    } catch (const InputError& error) {
      return error.facts().key;
    }
    return "accepted";
  };
  for (const char* sampler :
       {"ddim", "multistep", "dpmpp_2m", "dpmpp_2s", "euler", "heun", "adaptive"})
    EXPECT_EQ(key_of(sampler, 0, 0), "accepted") << sampler;
  for (const char* sampler : {"ddpm", "euler_maruyama", "predictor_corrector"})
    EXPECT_EQ(key_of(sampler, 0, 0), "sampling/sampler") << sampler;
  EXPECT_EQ(key_of("ddim", 0.5, 0), "sampling/sampler");
  EXPECT_EQ(key_of("heun", 0, 5), "sampling/sampler");
  trained.noise_degrees_of_freedom = 0;
  options.sampling.churn = 0;
  options.sampling.sampler = "ddpm";
  EXPECT_EQ(generator_options(options, trained).noise_degrees_of_freedom, 0);
}

}  // namespace
}  // namespace hindscale
