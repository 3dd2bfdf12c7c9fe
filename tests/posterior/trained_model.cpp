// SPDX-License-Identifier: Apache-2.0
// The training step of the library on the world's fields.
#include "posterior/trained_model.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "hindscale/core/error.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/model/evaluator.hpp"
#include "hindscale/model/network.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/train/learning_rate.hpp"

namespace hindscale {
namespace {

constexpr std::int64_t n_conditions = 5;

/// Of ln r in training. The residual's modes have deviations from 0.15 to 4, and sampling begins at
/// 60: a wide law around the middle of them.
constexpr double level_mean = -0.6, level_deviation = 1.4;

NetworkConfig network_config() {
  NetworkConfig config;
  config.in_channels = 1 + n_conditions;
  config.out_channels = 1;
  config.channels = 16;
  config.multipliers = {1, 2, 4};
  config.groups = 4;
  config.dropout = 0;  // no field comes twice
  config.padding = Padding::periodic;
  config.two_grid_waves = true;  // the law's power has a corner there, as the plane repeats
  return config;
}

/// What the network sees beside the noisy residual, [n, n_conditions, side, side]: first guess,
/// coarse field, areas, and where in its block a cell lies, from -1 to 1.
torch::Tensor conditions(const PosteriorWorld& world, const torch::Tensor& coarse) {
  const std::int64_t n = coarse.size(0), side = world.side();
  const torch::Tensor areas = world.area_shares().to(torch::kFloat32).view({1, 1, side, side});
  const torch::Tensor steps = torch::arange(side, torch::kFloat32).remainder(PosteriorWorld::ratio);
  const torch::Tensor place = 2 * steps / (PosteriorWorld::ratio - 1) - 1;
  const std::vector<std::int64_t> shape{n, 1, side, side};
  return torch::cat(
      {world.base(coarse), world.block_constant(coarse),
       (areas * static_cast<double>(world.n_cells()) - 1).expand(shape),
       place.view({1, 1, side, 1}).expand(shape), place.view({1, 1, 1, side}).expand(shape)},
      1);
}

/// Standard normal numbers [n, 1, side, side] of a step; `part` tells its uses apart.
torch::Tensor draw_normal(const PosteriorTraining& plan, std::int64_t side, std::int64_t step,
                          std::uint64_t part) {
  torch::Tensor numbers = torch::empty({plan.batch, 1, side, side});
  const StreamKey key{.seed = plan.seed,
                      .purpose = Purpose::training_noise,
                      .a = static_cast<std::uint64_t>(step),
                      .b = part};
  fill_normal(key, 0, {numbers.data_ptr<float>(), static_cast<std::size_t>(numbers.numel())});
  return numbers;
}

/// Numbers of levels, one from each of `batch` equal parts of the schedule.
std::vector<std::size_t> draw_levels(const PosteriorTraining& plan, const Schedule& schedule,
                                     std::int64_t step) {
  std::vector<double> places(static_cast<std::size_t>(plan.batch));
  const StreamKey key{
      .seed = plan.seed, .purpose = Purpose::noise_level, .a = static_cast<std::uint64_t>(step)};
  fill_uniform(key, 0, places);
  std::vector<std::size_t> levels;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double share = (static_cast<double>(i) + places[i]) / static_cast<double>(plan.batch);
    levels.push_back(static_cast<std::size_t>(share * static_cast<double>(schedule.steps())));
  }
  return levels;
}

nlohmann::json describe(const PosteriorWorld& world, const PosteriorTraining& plan,
                        const NetworkConfig& network) {
  return {{"network", network_to_json(network)},
          {"side", world.side()},
          {"steps", plan.steps},
          {"batch", plan.batch},
          {"learning_rate", plan.learning_rate},
          {"warmup", plan.warmup},
          {"ema_decay", plan.ema_decay},
          {"gradient_clip", plan.gradient_clip},
          {"seed", plan.seed},
          {"level_mean", level_mean},
          {"level_deviation", level_deviation}};
}

}  // namespace

Schedule posterior_schedule() {
  DiffusionOptions options;
  options.schedule = "edm";
  options.p_mean = level_mean;
  options.p_std = level_deviation;
  return make_schedule(options);
}

PosteriorTrainer::PosteriorTrainer(const PosteriorWorld& world, const PosteriorTraining& plan)
    : world_(world),
      plan_(plan),
      schedule_(posterior_schedule()),
      network_(network_config(), plan.seed),
      average_(network_config(), plan.seed),
      optimizer_(*network_, {.weight_decay = 0}),
      weight_average_(*network_, *average_, plan.ema_decay) {
  network_->train();
  average_->eval();
}

double PosteriorTrainer::step() {
  HINDSCALE_ASSERT(step_ < plan_.steps);
  const torch::Tensor truth = world_.fields(draw_normal(plan_, world_.side(), step_, 0));
  const torch::Tensor coarse = world_.coarsen(truth);
  const torch::Tensor x0 = (truth - world_.base(coarse)) / world_.scale();
  const torch::Tensor eps = draw_normal(plan_, world_.side(), step_, 1);
  torch::Tensor abar = torch::empty({plan_.batch, 1, 1, 1}), time = torch::empty({plan_.batch});
  const std::vector<std::size_t> levels = draw_levels(plan_, schedule_, step_);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    abar.data_ptr<float>()[i] = static_cast<float>(schedule_.abar(levels[i]));
    time.data_ptr<float>()[i] = static_cast<float>(schedule_.time[levels[i]]);
  }
  const torch::Tensor input = torch::cat({add_noise(x0, eps, abar), conditions(world_, coarse)}, 1);
  const torch::Tensor target = training_target(Prediction::v, x0, eps, abar);
  const torch::Tensor loss = (network_->forward(input, time) - target).square().mean();
  loss.backward();
  const std::vector<torch::Tensor> parameters = network_->parameters();
  const double norm = gradient_norm(parameters);
  if (norm > plan_.gradient_clip) scale_gradients(parameters, plan_.gradient_clip / norm);
  optimizer_.step(learning_rate({plan_.learning_rate, plan_.warmup, plan_.steps}, step_));
  optimizer_.clear_gradients();
  weight_average_.update(step_++);
  return loss.item<double>();
}

void PosteriorTrainer::save(const std::filesystem::path& root) const {
  constexpr std::size_t n_kept = 2;
  CheckpointContent content;
  content.state = {{"step", step_}, {"training", describe(world_, plan_, network_->config())}};
  content.model.merge(copy_parameters(*network_, "raw."));
  content.model.merge(copy_parameters(*average_, "average."));
  content.optimizer = optimizer_.state();
  write_checkpoint(root, step_, content);
  keep_newest(root, step_, n_kept);
}

void PosteriorTrainer::restore(const std::filesystem::path& root) {
  std::vector<std::string> rejected;
  const auto folder = newest_valid_checkpoint(root, rejected);
  if (!folder) return;
  const CheckpointContent content = read_checkpoint(*folder, CheckpointParts::all);
  if (content.state.at("training") != describe(world_, plan_, network_->config())) {
    throw InputError({.problem = "the checkpoint belongs to another training",
                      .value = folder->string(),
                      .advice = "use another folder, or the same steps as before"});
  }
  load_parameters(*network_, content.model, "raw.");
  load_parameters(*average_, content.model, "average.");
  optimizer_.restore(content.optimizer);
  step_ = content.state.at("step").get<std::int64_t>();
}

PosteriorModel PosteriorTrainer::model() const {
  return [this](const torch::Tensor& coarse) -> Denoise {
    const torch::Tensor seen = conditions(world_, coarse);
    const auto side = static_cast<std::size_t>(world_.side());
    const std::shared_ptr<Evaluator> network =
        make_evaluator(average_, {.height = side, .width = side});
    return [this, seen, network](const torch::Tensor& y, double r) {
      const double abar = 1 / (1 + r * r);
      const torch::Tensor x = y * std::sqrt(abar);
      const torch::Tensor output =
          evaluate(*network, torch::cat({x, seen}, 1), schedule_.time_of(r));
      return denoise(Prediction::v, output, x, abar).x0;
    };
  };
}

}  // namespace hindscale
