// SPDX-License-Identifier: Apache-2.0
// Steps of the samplers against the published formulas; clip, noise and batch.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/model/denoiser.hpp"
#include "sampler/gaussian_world.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;

constexpr Kind all_kinds[] = {Kind::ddpm,     Kind::ddim,           Kind::multistep,
                              Kind::dpmpp_2m, Kind::dpmpp_2s,       Kind::euler,
                              Kind::heun,     Kind::euler_maruyama, Kind::predictor_corrector,
                              Kind::adaptive};

Schedule cosine(std::int64_t steps) {
  DiffusionOptions options;
  options.timesteps = steps;
  return make_schedule(options);
}

/// A smooth prediction of the noise that has no meaning but depends on x and r, element by element.
torch::Tensor made_up_noise(const torch::Tensor& x, double r) {
  return 0.9 * x + 0.1 * torch::sin(x * 2 + 0.1 * std::log(r));
}

torch::Tensor made_up_field(const torch::Tensor& y, double r) {
  return y - r * made_up_noise(y / std::sqrt(1 + r * r), r);
}

TEST(Ddpm, steps_are_the_published_formula) {
  constexpr std::int64_t n_levels = 100;
  const Schedule schedule = cosine(n_levels);
  std::vector<torch::Tensor> states;  // x, as DDPM has it, at every level, then the result
  const Denoise denoise = [&](const torch::Tensor& y, double r) {
    states.push_back(y / std::sqrt(1 + r * r));
    return made_up_field(y, r);
  };
  const Noise noise = seeded_noise(1);
  states.push_back(sample({.kind = Kind::ddpm}, sampling_levels(schedule, {}, n_levels),
                          {denoise, noise}, torch::empty({3, 2, 4, 5}, torch::kFloat64)));
  for (std::int64_t i = 0; i < n_levels; ++i) {
    const auto t = static_cast<std::size_t>(n_levels - 1 - i);
    const double abar = schedule.abar(t), abar_before = t > 0 ? schedule.abar(t - 1) : 1.0;
    const double alpha = abar / abar_before;
    const double sigma = std::sqrt((1 - alpha) * (1 - abar_before) / (1 - abar));
    const torch::Tensor& x = states[static_cast<std::size_t>(i)];
    torch::Tensor z = torch::zeros({3, 2, 4, 5});
    if (t > 0) noise(i + 1, z);
    const torch::Tensor expected =
        (x - (1 - alpha) / std::sqrt(1 - abar) * made_up_noise(x, schedule.ratio[t])) /
            std::sqrt(alpha) +
        sigma * z;
    ASSERT_TRUE(torch::allclose(states[static_cast<std::size_t>(i) + 1], expected, 1e-6, 1e-6))
        << "t = " << t;
  }
}

TEST(Multistep, first_step_is_euler_and_the_second_extrapolates) {
  const std::vector<double> levels{3, 1, 0.4, 0};
  std::vector<torch::Tensor> x, slope;
  const Denoise denoise = [&](const torch::Tensor& y, double r) {
    const torch::Tensor x0 = made_up_field(y, r);
    const double angle = std::atan(r);
    x.push_back(y * std::cos(angle));
    slope.push_back((y - x0) / r * std::cos(angle) - x0 * std::sin(angle));
    return x0;
  };
  x.push_back(sample(SamplerConfig{}, levels, {denoise, seeded_noise(1)},
                     torch::empty({1, 2, 4, 5}, torch::kFloat64)));
  const double first = std::atan(3) - std::atan(1), second = std::atan(1) - std::atan(0.4);
  EXPECT_TRUE(torch::allclose(x[1], x[0] - first * slope[0], 1e-9, 1e-9));
  EXPECT_TRUE(torch::allclose(
      x[2], x[1] - second * (slope[1] + 0.5 * second / first * (slope[1] - slope[0])), 1e-9, 1e-9));
}

TEST(Sampler, ends_within_the_clip_and_was_outside_without) {
  for (const Kind kind : all_kinds) {
    const auto run = [&](double clip) {
      return sample({.kind = kind, .clip = clip}, karras_levels(10),
                    {made_up_field, seeded_noise(1)}, torch::empty({3, 2, 4, 5}));
    };
    EXPECT_LE(run(0.3).abs().max().item<float>(), 0.3F) << name_of(kind);
    EXPECT_GT(run(0).abs().max().item<float>(), 0.3F) << name_of(kind);
  }
}

TEST(Sampler, asks_for_each_draw_once_and_for_one_only_where_deterministic) {
  const auto n_draws = [&](const SamplerConfig& config) {
    std::int64_t expected = 0;
    const Noise noise = [&](std::int64_t draw, torch::Tensor& out) {
      EXPECT_EQ(draw, expected++);
      out.zero_();
    };
    sample(config, karras_levels(5), {made_up_field, noise}, torch::empty({1, 1, 2, 2}));
    return expected;
  };
  for (const Kind kind : {Kind::ddim, Kind::multistep, Kind::dpmpp_2m, Kind::dpmpp_2s, Kind::euler,
                          Kind::heun, Kind::adaptive})
    EXPECT_EQ(n_draws({.kind = kind}), 1) << name_of(kind);
  EXPECT_EQ(n_draws({.kind = Kind::ddpm}), 5);
  EXPECT_EQ(n_draws({.kind = Kind::ddim, .eta = 0.2}), 5);
  EXPECT_EQ(n_draws({.kind = Kind::euler_maruyama}), 5);
  EXPECT_EQ(n_draws({.kind = Kind::heun, .churn = 1}), 6);
  EXPECT_EQ(n_draws({.kind = Kind::predictor_corrector, .corrections = 2}), 1 + 4 * 2);
}

TEST(Sampler, counts_its_evaluations) {
  for (const Kind kind : all_kinds) {
    if (kind == Kind::adaptive) continue;
    std::int64_t calls = 0;
    const Denoise denoise = [&](const torch::Tensor& y, double r) {
      ++calls;
      return made_up_field(y, r);
    };
    const SamplerConfig config{.kind = kind, .corrections = 3};
    sample(config, karras_levels(7), {denoise, seeded_noise(1)}, torch::empty({1, 1, 2, 2}));
    EXPECT_EQ(calls, evaluations_of(config, 7)) << name_of(kind);
  }
}

TEST(Sampler, gives_a_sample_the_same_bits_in_any_batch) {
  const torch::Tensor numbers =
      torch::randn({20, 5, 1, 7, 9}, torch::make_generator<at::CPUGeneratorImpl>(9));
  for (const Kind kind : all_kinds) {
    const SamplerConfig config{.kind = kind, .eta = 0.5, .clip = 2, .churn = 3};
    const auto run = [&](std::int64_t first, std::int64_t count) {
      const Noise noise = [&](std::int64_t draw, torch::Tensor& out) {
        out.copy_(numbers[draw].narrow(0, first, count));
      };
      return sample(config, karras_levels(6), {made_up_field, noise},
                    torch::empty({count, 1, 7, 9}));
    };
    const torch::Tensor together = run(0, 5);
    for (std::int64_t i = 0; i < 5; ++i)
      EXPECT_TRUE(torch::equal(together.narrow(0, i, 1), run(i, 1))) << name_of(kind);
    EXPECT_TRUE(torch::equal(together.narrow(0, 1, 3), run(1, 3))) << name_of(kind);
  }
}

TEST(Sampler, refuses_what_makes_no_sense) {
  const auto run = [&](const SamplerConfig& config) {
    return sample(config, karras_levels(3), {made_up_field, seeded_noise(1)},
                  torch::empty({1, 1, 1, 1}));
  };
  EXPECT_THROW(run({.eta = -1}), InputError);
  EXPECT_THROW(run({.clip = -1}), InputError);
  EXPECT_THROW(run({.churn = -1}), InputError);
  EXPECT_THROW(run({.tolerance = 0}), InputError);
  EXPECT_THROW(sampler_kind_of("eule"), InputError);
  for (const Kind kind : all_kinds) EXPECT_EQ(sampler_kind_of(name_of(kind)), kind);
}

TEST(Edm, is_the_velocity_at_unit_variance) {
  // Karras et al. 2022, table 1: D = c_skip y + c_out F(c_in y) with sigma_data = 1.
  torch::manual_seed(6);
  const torch::Tensor y = torch::randn({2, 1, 3, 3}, torch::kFloat64),
                      output = torch::randn({2, 1, 3, 3}, torch::kFloat64);
  for (const double r : {0.05, 1.0, 20.0}) {
    const double sum = r * r + 1;
    const torch::Tensor edm = y / sum + output * (r / std::sqrt(sum));
    const torch::Tensor x = y / std::sqrt(sum);
    EXPECT_TRUE(torch::allclose(denoise(Prediction::v, -output, x, 1 / sum).x0, edm, 1e-12, 1e-12));
  }
}

}  // namespace
}  // namespace hindscale
