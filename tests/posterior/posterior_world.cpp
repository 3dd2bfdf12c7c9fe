// SPDX-License-Identifier: Apache-2.0
// Does a trained model reach the exact posterior? Trains on the world and scores, or scores the
// exact denoiser.
#include <fmt/format.h>
#include <torch/torch.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/model/devices.hpp"
#include "posterior/trained_model.hpp"

namespace hindscale {
namespace {

constexpr const char* usage =
    "posterior_world exact [SIDE]                 the exact denoiser, steps as many as the test "
    "takes\n"
    "posterior_world short [SIDE]                 the exact denoiser, steps as for the trained "
    "model\n"
    "posterior_world train FOLDER STEPS [SIDE]    train, or go on training; then score\n"
    "posterior_world score FOLDER STEPS [SIDE]    score what was trained\n"
    "SIDE: cells along each axis, a multiple of 4; 32\n";

/// Seconds since the program's start.
double elapsed_s() {
  static const auto start = std::chrono::steady_clock::now();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool score(const PosteriorWorld& world, const PosteriorModel& model, const PosteriorTrial& trial) {
  const double start = elapsed_s();
  const SamplerBias bias = sampler_bias(world, trial);
  double ring_bias = 0;
  for (const double ring : bias.rings) ring_bias = std::max(ring_bias, std::abs(ring));
  fmt::print(
      "{} in {} evaluations. With the exact denoiser its steps leave a mean square error of the "
      "mean of\n"
      "{:.2f} % of the variance, and errors of {:.2f} % of the variance and {:.2f} % of the power "
      "of a wavenumber.\n",
      name_of(trial.sampler.kind), trial.levels.size() - 1, 100 * bias.mean, 100 * bias.variance,
      100 * ring_bias);
  const PosteriorFigures figures = run_trial(world, model, trial);
  const bool all_met = print_table(compare(world, trial, figures), figures, trial.n_members);
  fmt::print("largest difference from a given coarse mean: {:.1e}; {:.0f} s\n",
             figures.coarse_misfit, elapsed_s() - start);
  return all_met;
}

/// By how much the network's error exceeds the least possible one, at some noise levels.
void print_denoiser(const PosteriorWorld& world, const PosteriorModel& model) {
  constexpr std::int64_t n = 64;
  const torch::NoGradGuard no_gradient;
  torch::manual_seed(1);
  const torch::Tensor truth = world.fields(torch::randn({n, 1, world.side(), world.side()}));
  const torch::Tensor coarse = world.coarsen(truth);
  const torch::Tensor x0 = (truth - world.base(coarse)) / world.scale();
  const Denoise found = model(coarse), exact = world.denoiser(coarse);
  fmt::print("noise level r: mean squared error of the clean field beyond the least possible\n");
  for (const double r : {0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 20.0}) {
    const torch::Tensor y = x0 + r * torch::randn_like(x0);
    const torch::Tensor least = (world.variances() * r * r / (world.variances() + r * r)).mean();
    const torch::Tensor excess = (found(y, r) - exact(y, r)).square().mean();
    fmt::print("{:5.2f}: {:.2f} %\n", r, 100 * excess.item<double>() / least.item<double>());
  }
}

void train(PosteriorTrainer& trainer, const PosteriorTraining& plan,
           const std::filesystem::path& folder) {
  constexpr std::int64_t log_every = 100, save_every = 500;
  fmt::print("{} parameters, {} steps of {} fields, from step {}\n",
             parameter_count(*trainer.network()), plan.steps, plan.batch, trainer.steps_done());
  double loss = 0;
  while (trainer.steps_done() < plan.steps) {
    loss += trainer.step() / log_every;
    const std::int64_t step = trainer.steps_done();
    if (step % save_every == 0 || step == plan.steps) trainer.save(folder);
    if (step % log_every != 0) continue;
    fmt::print("step {} loss {:.5f} elapsed {:.0f} s\n", step, loss, elapsed_s());
    std::fflush(stdout);
    loss = 0;
  }
}

/// Scores the exact denoiser.
bool score_exact(const PosteriorWorld& world, const PosteriorTrial& trial) {
  return score(
      world, [&](const torch::Tensor& coarse) { return world.denoiser(coarse); }, trial);
}

std::int64_t number_in(const std::string& word, const char* what) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (fault != std::errc() || end != word.data() + word.size() || number <= 0)
    throw InputError({.problem = fmt::format("not a number of {}", what), .value = word});
  return number;
}

std::int64_t side_in(const std::string& word) {
  const std::int64_t side = number_in(word, "cells along each axis");
  if (side < 2 * PosteriorWorld::ratio || side % PosteriorWorld::ratio != 0)
    throw InputError({.problem = "no grid of whole blocks",
                      .value = word,
                      .advice = fmt::format("choose a multiple of {0}, at least {1}",
                                            PosteriorWorld::ratio, 2 * PosteriorWorld::ratio)});
  return side;
}

bool score_trained(const PosteriorWorld& world, const std::vector<std::string>& words) {
  PosteriorTraining plan;
  plan.steps = number_in(words[2], "steps");
  PosteriorTrainer trainer(world, plan);
  trainer.restore(words[1]);
  if (words[0] == "train") train(trainer, plan, words[1]);
  if (trainer.steps_done() == 0)
    throw InputError({.problem = "nothing was trained there", .value = words[1]});
  fmt::print("weights of step {}\n", trainer.steps_done());
  print_denoiser(world, trainer.model());
  return score(world, trainer.model(), {.levels = trained_levels()});
}

int run(const std::vector<std::string>& words) {
  constexpr std::int64_t usual_side = 32;
  elapsed_s();
  set_threads(1);
  const std::string task = words.empty() ? "" : words[0];
  const bool is_exact = task == "exact" || task == "short",
             is_trained = task == "train" || task == "score";
  const std::size_t n_words = is_exact ? 1 : 3;
  if (!(is_exact || is_trained) || words.size() < n_words || words.size() > n_words + 1) {
    fmt::print("{}", usage);
    return 2;
  }
  const PosteriorWorld world(words.size() > n_words ? side_in(words[n_words]) : usual_side);
  if (is_trained) return score_trained(world, words) ? 0 : 1;
  return score_exact(world, {.levels = task == "exact" ? exact_levels() : trained_levels()}) ? 0
                                                                                             : 1;
}

}  // namespace
}  // namespace hindscale

int main(int argc, char** argv) {
  try {
    return hindscale::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
