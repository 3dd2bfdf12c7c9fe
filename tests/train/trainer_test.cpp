// SPDX-License-Identifier: Apache-2.0
// Training steps: the same on any number of ranks, whole or in parts, with and without missing
// values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "hindscale/train/mean_fit.hpp"
#include "train/workplace.hpp"

namespace hindscale {
namespace {

using test::Gaps;
using test::Workplace;

// Sums of float32 gradients in another order; the network's own sums are over some hundred values.
constexpr double rounding = 2e-5;
// The bound on the loss curve of other rank counts: rounding, amplified by the optimizer over the
// first steps.
constexpr double curve_bound = 1e-3;

struct TrainerTest : test::TrainingTest {};

double relative_difference(const NamedTensors& a, const NamedTensors& b) {
  double difference = 0;
  double size = 0;
  for (const auto& [name, tensor] : a) {
    difference += (tensor.grad() - b.at(name).grad()).square().sum(torch::kFloat64).item<double>();
    size += tensor.grad().square().sum(torch::kFloat64).item<double>();
  }
  return std::sqrt(difference / size);
}

/// Mean over the values that are there, for the first batch and a network that gives zeros, as a
/// new one does.
double error_of_zero_output(Workplace& place) {
  const auto months = place.content.positions(place.content.train);
  const PatchPlan plan(patch_plan_options(place.options, place.content, months.size()));
  const BatchMaker maker(place.samples, months, make_schedule(place.options.diffusion),
                         {.seed = 5});
  std::vector<Patch> patches;
  for (std::size_t i = 0; i < 4; ++i) patches.push_back(plan.patch(0, i));
  const Batch batch = maker.make(patches);
  const auto errors = squared_errors(torch::zeros_like(batch.target), batch);
  return errors.sum(torch::kFloat64).item<double>() / batch.counts.sum().item<double>();
}

/// The output layer starts at zero; a step or two give all weights a gradient.
void warm_up(Workplace& place, int n_steps) {
  for (int i = 0; i < n_steps; ++i) place.trainer.update(place.trainer.compute_gradients());
}

TEST_F(TrainerTest, gradients_of_n_ranks_equal_those_of_one) {
  make_store(Gaps::none);
  options.training.precision = "float32";  // in bfloat16 each rank rounds its sums
  Workplace many(world, options);
  Workplace one(alone, options);
  warm_up(many, 2);
  CheckpointContent content;
  many.trainer.save(content);
  one.trainer.restore(content, 2);
  const StepReport by_many = many.trainer.compute_gradients();
  const StepReport by_one = one.trainer.compute_gradients();
  EXPECT_NEAR(by_many.loss, by_one.loss, rounding * by_one.loss);
  EXPECT_NEAR(by_many.gradient_norm, by_one.gradient_norm, rounding * by_one.gradient_norm);
  EXPECT_LT(relative_difference(parameters_of(*many.trainer.network()),
                                parameters_of(*one.trainer.network())),
            rounding);
}

TEST_F(TrainerTest, gradients_do_not_depend_on_accumulation) {
  make_store(Gaps::none);
  options.training.precision = "float32";  // in bfloat16 each part rounds its sums
  Workplace whole(world, options);
  options.training.accumulation = 2;
  Workplace parts(world, options);
  warm_up(whole, 1);
  warm_up(parts, 1);
  const StepReport a = whole.trainer.compute_gradients();
  const StepReport b = parts.trainer.compute_gradients();
  EXPECT_NEAR(a.loss, b.loss, rounding * a.loss);
  EXPECT_LT(relative_difference(parameters_of(*whole.trainer.network()),
                                parameters_of(*parts.trainer.network())),
            rounding);
}

TEST_F(TrainerTest, gradients_with_missing_values_equal_those_of_one) {
  options.diffusion.consistency = "none";
  make_store(Gaps::some);
  options.training.precision = "float32";  // in bfloat16 each rank rounds its sums
  Workplace many(world, options);
  Workplace one(alone, options);
  const StepReport by_many = many.trainer.compute_gradients();
  const StepReport by_one = one.trainer.compute_gradients();
  EXPECT_NEAR(by_one.loss, error_of_zero_output(one), rounding * by_one.loss);
  EXPECT_NEAR(by_many.loss, by_one.loss, rounding * by_one.loss);
  EXPECT_LT(relative_difference(parameters_of(*many.trainer.network()),
                                parameters_of(*one.trainer.network())),
            rounding);
}

TEST_F(TrainerTest, loss_curve_agrees_with_that_of_one_rank) {
  make_store(Gaps::none);
  Workplace many(world, options);
  Workplace one(alone, options);
  double first = 0;
  for (int i = 0; i < 8; ++i) {
    const StepReport by_many = many.trainer.compute_gradients();
    const StepReport by_one = one.trainer.compute_gradients();
    EXPECT_NEAR(by_many.loss, by_one.loss, curve_bound * by_one.loss) << "step " << by_one.step;
    many.trainer.update(by_many);
    one.trainer.update(by_one);
    if (i == 0) first = by_one.loss;
  }
  EXPECT_GT(first, 0);
}

TEST_F(TrainerTest, validation_is_the_same_bits_on_any_number_of_ranks) {
  make_store(Gaps::none);
  Workplace many(world, options);
  Workplace one(alone, options);
  warm_up(many, 2);
  CheckpointContent content;
  many.trainer.save(content);
  one.trainer.restore(content, 2);
  const LossTable loss_of_many = many.loss_validator.loss(many.trainer.average());
  const LossTable loss_of_one = one.loss_validator.loss(one.trainer.average());
  EXPECT_GT(loss_of_one.all(), 0);
  EXPECT_EQ(loss_of_many.entries(), loss_of_one.entries());
  const ValidationScore score = one.crps_validator.score(one.trainer.average());
  EXPECT_EQ(many.crps_validator.score(many.trainer.average()).variables, score.variables);
  ASSERT_EQ(score.variables.size(), 2U);
  EXPECT_DOUBLE_EQ(score.score, 0.5 * (score.variables[0] + score.variables[1]));
  EXPECT_GT(score.score, 0);
}

TEST_F(TrainerTest, average_follows_the_weights) {
  make_store(Gaps::none);
  Workplace place(world, options);
  const NamedTensors start = copy_parameters(*place.trainer.average(), "");
  warm_up(place, 1);
  const NamedTensors now = parameters_of(*place.trainer.network());
  const NamedTensors average = parameters_of(*place.trainer.average());
  for (const auto& [name, tensor] : average) {  // after the first update: 0.1 old + 0.9 new
    EXPECT_TRUE(torch::allclose(tensor, 0.1 * start.at(name) + 0.9 * now.at(name), 1e-5, 1e-7))
        << name;
  }
}

TEST_F(TrainerTest, one_rank_that_wants_to_stop_stops_all) {
  make_store(Gaps::none);
  Workplace place(world, options);
  const bool is_last = world.comm.rank() == world.comm.size() - 1;
  EXPECT_TRUE(
      place.trainer.compute_gradients(is_last ? StopWish::stop : StopWish::none).wants_stop);
}

TEST_F(TrainerTest, refuses_fewer_patches_than_ranks_and_patches_the_network_cannot_halve) {
  make_store(Gaps::none);
  options.training.patch_size = {8, 11};
  try {
    const Workplace place(world, options);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().key, "training/patch_size");
  }
  options.training.patch_size = {8, 12};
  options.training.batch = world.comm.size() - 1;
  if (options.training.batch == 0) return;
  try {
    const Workplace place(world, options);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().key, "training/batch");
  }
}

TEST_F(TrainerTest, batch_holds_the_noisy_field_its_target_and_its_weights) {
  options.diffusion.consistency = "none";
  make_store(Gaps::some);
  Workplace place(alone, options);
  const Schedule schedule = make_schedule(place.options.diffusion);
  const BatchMaker maker(place.samples, place.content.positions(place.content.train), schedule,
                         {.seed = 5});
  const Patch first{
      .i_item = 3, .window = {0, 20, 8, 12}, .noise_level = 40, .id = 9};  // wraps around
  const Patch second{.i_item = 4, .window = {2, 0, 8, 12}, .noise_level = 7, .id = 10};
  const Batch batch = maker.make(std::vector<Patch>{first, second});
  const auto sample = place.samples.get(4);
  Array<float, 3> target({2, 8, 12});
  extract(sample->target, second.window, target);
  const double abar = schedule.abar(7);
  const Denoised recovered =
      denoise(Prediction::v, batch.target[1], batch.input[1].narrow(0, 0, 2), abar);
  EXPECT_TRUE(
      torch::allclose(recovered.x0, torch::from_blob(target.data(), {2, 8, 12}), 1e-4, 1e-5));
  EXPECT_EQ(batch.counts.sum().item<double>(), batch.weight.count_nonzero().item<double>());
  EXPECT_LT(batch.counts.sum().item<double>(), static_cast<double>(batch.weight.numel()));
  EXPECT_EQ(batch.counts[1][0].item<double>(), batch.weight[1][0].count_nonzero().item<double>());
  const Batch single = maker.make(std::vector<Patch>{second});
  EXPECT_TRUE(torch::equal(single.input[0],
                           batch.input[1]));  // noise follows the patch, not its place in the batch
}

TEST_F(TrainerTest, a_regression_sees_no_noise_and_learns_the_field) {
  options.diffusion.consistency = "none";
  make_store(Gaps::none);
  Workplace place(alone, options);
  const std::vector<Patch> patches{
      {.i_item = 3, .window = {0, 20, 8, 12}, .noise_level = 40, .id = 9}};
  const auto positions = place.content.positions(place.content.train);
  const Schedule schedule = make_schedule(place.options.diffusion);
  const auto field_of = [&](const BatchMaker::Options& maker_options) {
    const Batch batch = BatchMaker(place.samples, positions, schedule, maker_options).make(patches);
    if (maker_options.prediction == Prediction::mean) {
      EXPECT_EQ(batch.input.narrow(1, 0, 2).abs().max().item<float>(), 0);
      return batch.target;
    }
    return denoise(Prediction::v, batch.target, batch.input.narrow(1, 0, 2), schedule.abar(40)).x0;
  };
  const torch::Tensor field = field_of({.prediction = Prediction::mean});
  EXPECT_TRUE(torch::allclose(field_of({}), field, 1e-4, 1e-4));
}

TEST_F(TrainerTest, target_is_what_the_mean_of_the_whole_field_leaves) {
  options.diffusion.consistency = "none";
  options.tiling.size = {8, 12};
  make_store(Gaps::none);
  Workplace place(alone, options);
  GeneratorOptions generator = generator_options(options, options.diffusion);
  generator.prediction = Prediction::mean;
  const auto constant_mean = [&](float first, float second, std::vector<int> left_out) {
    MeanNetwork mean{make_network(place.network, 3), "", std::move(left_out), nullptr};
    const torch::NoGradGuard no_gradient;  // a new network gives zeros, this one its last biases
    mean.network->named_parameters()["output.bias"].copy_(torch::tensor({first, second}));
    mean.generator = std::make_shared<FieldGenerator>(mean.network, place.conditioning, generator,
                                                      GeneratorPlace{});
    return mean;
  };
  FittedMean mean{{FieldNetwork(nullptr), torch::tensor({2.0F, 0.5F}).view({2, 1, 1})},
                  constant_mean(0.3F, -0.2F, {}),
                  {}};
  constexpr std::size_t i_month = 3;
  const auto expect_left = [&](float first, float second) {
    const Sample before = place.conditioning.sample(place.reader, i_month);
    Sample after = before;
    subtract_mean(mean, place.content, i_month, after);
    const std::size_t n_cells = before.target.size() / 2;
    for (std::size_t i = 0; i < before.target.size(); ++i) {
      const bool is_first = i < n_cells;
      const float expected =
          (before.target.flat()[i] - (is_first ? first : second)) / (is_first ? 2.0F : 0.5F);
      ASSERT_NEAR(after.target.flat()[i], expected, 1e-5);
    }
  };
  expect_left(0.3F, -0.2F);
  // Of a year that a fold has left out, its network tells the mean.
  const int year = place.content.months[i_month].year();
  mean.folds.push_back(constant_mean(7, 8, {year + 1}));
  mean.folds.push_back(constant_mean(0.4F, 0.1F, {year - 1, year}));
  expect_left(0.4F, 0.1F);
}

}  // namespace
}  // namespace hindscale
