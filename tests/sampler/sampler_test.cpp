// SPDX-License-Identifier: Apache-2.0
// Steps of the samplers against the published formulas; clip, noise and batch.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "hindscale/core/error.hpp"
#include "sampler/gaussian_world.hpp"

namespace hindscale {
namespace {

using Kind = SamplerConfig::Kind;

/// A smooth prediction that has no meaning but depends on x and t, element by element.
torch::Tensor made_up_prediction(const torch::Tensor& x, std::int64_t t) {
  return 0.9 * x + 0.1 * torch::sin(x * 2 + 0.01 * static_cast<double>(t));
}

/// Every state the network is shown, then the result.
std::vector<torch::Tensor> states_of(const SamplerConfig& config, const Schedule& schedule) {
  std::vector<torch::Tensor> states;
  const Denoise denoise = [&](const torch::Tensor& x, std::int64_t t) {
    states.push_back(x.clone());
    return made_up_prediction(x, t);
  };
  states.push_back(sample(config, schedule, denoise, seeded_noise(1), torch::empty({3, 2, 4, 5})));
  return states;
}

TEST(Ddpm, steps_are_the_published_formula) {
  constexpr std::int64_t n_times = 100;
  const Schedule schedule = cosine_schedule(n_times);
  const auto states =
      states_of({.kind = Kind::ddpm, .steps = n_times, .prediction = Prediction::eps}, schedule);
  const Noise noise = seeded_noise(1);
  for (std::int64_t i = 0; i < n_times; ++i) {
    const std::int64_t t = n_times - 1 - i;
    const double abar = schedule.abar[static_cast<std::size_t>(t)];
    const double abar_before = t > 0 ? schedule.abar[static_cast<std::size_t>(t) - 1] : 1.0;
    const double alpha = abar / abar_before;
    const double sigma = std::sqrt((1 - alpha) * (1 - abar_before) / (1 - abar));
    const torch::Tensor x = states[static_cast<std::size_t>(i)].to(torch::kFloat64);
    const torch::Tensor eps =
        made_up_prediction(states[static_cast<std::size_t>(i)], t).to(torch::kFloat64);
    torch::Tensor z = torch::zeros({3, 2, 4, 5});
    if (t > 0) noise(i + 1, z);
    const torch::Tensor expected =
        (x - (1 - alpha) / std::sqrt(1 - abar) * eps) / std::sqrt(alpha) + sigma * z;
    const torch::Tensor found = states[static_cast<std::size_t>(i) + 1].to(torch::kFloat64);
    ASSERT_TRUE(torch::allclose(found, expected, 1e-4, 1e-4)) << "t = " << t;
  }
}

TEST(Ddim, with_eta_one_and_all_steps_is_ddpm) {
  const Schedule schedule = cosine_schedule(200);
  const auto ddim = states_of(
      {.kind = Kind::ddim, .steps = 200, .eta = 1, .prediction = Prediction::v}, schedule);
  const auto ddpm =
      states_of({.kind = Kind::ddpm, .steps = 200, .prediction = Prediction::v}, schedule);
  EXPECT_TRUE(torch::allclose(ddim.back(), ddpm.back(), 1e-3, 1e-3));
}

TEST(Multistep, first_step_is_euler_and_the_second_extrapolates) {
  const Schedule schedule = cosine_schedule(100);
  const SamplerConfig config{.kind = Kind::multistep, .steps = 4, .prediction = Prediction::v};
  const auto states = states_of(config, schedule);
  const auto angle = [&](std::size_t t) { return std::acos(std::sqrt(schedule.abar[t])); };
  // With v-prediction the network's output is the velocity itself.
  const torch::Tensor v0 = made_up_prediction(states[0], 99),
                      v1 = made_up_prediction(states[1], 74);
  const double first = angle(99) - angle(74), second = angle(74) - angle(49);
  EXPECT_TRUE(torch::allclose(states[1], states[0] - first * v0, 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(
      states[2], states[1] - second * (v1 + 0.5 * second / first * (v1 - v0)), 1e-4, 1e-5));
}

TEST(Sampler, ends_within_the_clip_and_was_outside_without) {
  const Schedule schedule = cosine_schedule(100);
  for (const Kind kind : {Kind::ddim, Kind::ddpm, Kind::multistep}) {
    const auto held =
        states_of({.kind = kind, .steps = 20, .clip = 0.3, .prediction = Prediction::v}, schedule);
    const auto loose =
        states_of({.kind = kind, .steps = 20, .prediction = Prediction::v}, schedule);
    EXPECT_LE(held.back().abs().max().item<float>(), 0.3F);
    EXPECT_GT(loose.back().abs().max().item<float>(), 0.3F);
  }
}

TEST(Sampler, asks_for_the_noise_of_each_step_once_and_of_none_where_deterministic) {
  const Schedule schedule = cosine_schedule(100);
  const auto steps_asked = [&](const SamplerConfig& config) {
    std::vector<std::int64_t> steps;
    const Noise noise = [&](std::int64_t i_step, torch::Tensor& out) {
      steps.push_back(i_step);
      out.zero_();
    };
    sample(config, schedule, made_up_prediction, noise, torch::empty({1, 1, 2, 2}));
    return steps;
  };
  EXPECT_EQ(steps_asked({.kind = Kind::ddim, .steps = 5}), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(steps_asked({.kind = Kind::multistep, .steps = 5}), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(steps_asked({.kind = Kind::ddpm, .steps = 5}),
            (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(steps_asked({.kind = Kind::ddim, .steps = 5, .eta = 0.2}),
            (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

TEST(Sampler, gives_a_sample_the_same_bits_in_any_batch) {
  const Schedule schedule = cosine_schedule(100);
  const torch::Tensor numbers =
      torch::randn({6, 5, 1, 7, 9}, torch::make_generator<at::CPUGeneratorImpl>(9));
  for (const Kind kind : {Kind::ddim, Kind::ddpm, Kind::multistep}) {
    const SamplerConfig config{
        .kind = kind, .steps = 6, .eta = 0.5, .clip = 2, .prediction = Prediction::v};
    const auto run = [&](std::int64_t first, std::int64_t count) {
      const Noise noise = [&](std::int64_t i_step, torch::Tensor& out) {
        out.copy_(numbers[i_step].narrow(0, first, count));
      };
      return sample(config, schedule, made_up_prediction, noise, torch::empty({count, 1, 7, 9}));
    };
    const torch::Tensor together = run(0, 5);
    for (std::int64_t i = 0; i < 5; ++i)
      EXPECT_TRUE(torch::equal(together.narrow(0, i, 1), run(i, 1)));
    EXPECT_TRUE(torch::equal(together.narrow(0, 1, 3), run(1, 3)));
  }
}

TEST(Sampler, refuses_what_makes_no_sense) {
  const Schedule schedule = cosine_schedule(10);
  const auto run = [&](const SamplerConfig& config) {
    return sample(config, schedule, made_up_prediction, seeded_noise(1),
                  torch::empty({1, 1, 1, 1}));
  };
  EXPECT_THROW(run({.steps = 11}), InputError);
  EXPECT_THROW(run({.steps = 5, .eta = -1}), InputError);
  EXPECT_THROW(run({.steps = 5, .clip = -1}), InputError);
  EXPECT_THROW(sampler_kind_of("euler"), InputError);
  for (const Kind kind : {Kind::ddim, Kind::ddpm, Kind::multistep})
    EXPECT_EQ(sampler_kind_of(name_of(kind)), kind);
}

}  // namespace
}  // namespace hindscale
