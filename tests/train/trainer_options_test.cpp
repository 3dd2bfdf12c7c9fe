// SPDX-License-Identifier: Apache-2.0
// Options in a training step: weights of the variables, the surroundings as input, Student-t noise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "train/workplace.hpp"

namespace hindscale {
namespace {

using test::Gaps;
using test::Workplace;

// Sums of float32 numbers in another order; the network's own sums are over some hundred values.
constexpr double options_rounding = 2e-5;

struct TrainerOptions : test::TrainingTest {};

TEST_F(TrainerOptions, parts_of_the_loss_make_the_whole_on_any_number_of_ranks) {
  options.diffusion.consistency = "none";
  options.training.variable_weights = {3, 1};
  make_store(Gaps::some);
  Workplace many(world, options);
  Workplace one(alone, options);
  const StepReport by_many = many.trainer.compute_gradients();
  const StepReport by_one = one.trainer.compute_gradients();
  EXPECT_EQ(by_one.loss, by_one.parts.all());
  const std::vector<double> many_entries = by_many.parts.entries(),
                            entries = by_one.parts.entries();
  for (std::size_t i = 0; i < entries.size(); ++i)
    EXPECT_NEAR(many_entries[i], entries[i], options_rounding * entries[i]);
  const std::size_t half = entries.size() / 2;  // squares, then counts, five of each variable
  double whole = 0, count = 0;
  for (std::size_t i = 0; i < half; ++i) {
    whole += (i < LossTable::n_fifths ? 1.5 : 0.5) * entries[i];
    count += entries[half + i];
  }
  EXPECT_NEAR(by_one.loss, whole / count, 1e-12 * by_one.loss);
}

TEST_F(TrainerOptions, a_fold_is_validated_on_the_years_it_does_not_learn_from) {
  make_store(Gaps::none);
  Workplace all(world, options);
  StoreContent content = all.content;
  content.left_out = years_of_fold(content.train, 2, 2);
  EXPECT_EQ(content.left_out, std::vector<int>{2001});
  const Conditioning conditioning(all.reader, content,
                                  {.model = options.model, .diffusion = options.diffusion});
  SampleCache samples(all.reader, conditioning, 64);
  const Trainer trainer(world, options, all.network, samples);
  for (std::int64_t step = 1; step <= 6; ++step)
    for (const Month month : trainer.months_of(step)) EXPECT_EQ(month.year(), 2000);
  const CrpsValidator validator(world, options, all.reader, conditioning);
  const GeneratorOptions sampling = generator_options(options, options.diffusion);
  const SampledMonths sampled = validator.sample_months(all.trainer.average(), sampling);
  for (const MonthScore& month : sampled.months) EXPECT_EQ(month.month.year(), 2001);
  EXPECT_EQ(sampled.n_evaluations,
            static_cast<double>(sampled.months.size()) *
                static_cast<double>(options.training.validation_members * sampling.steps));
}

TEST_F(TrainerOptions, weights_of_the_variables_scale_their_gradients) {
  make_store(Gaps::none);
  options.training.precision = "float32";  // 1.5 times a rounded number is rounded again
  Workplace even(world, options);
  options.training.variable_weights = {3, 1};
  Workplace uneven(world, options);
  even.trainer.compute_gradients();
  uneven.trainer.compute_gradients();
  const NamedTensors weighted = parameters_of(*uneven.trainer.network());
  int n_outputs = 0;  // a new network gives zeros: only its output layer has a gradient
  for (const auto& [name, tensor] : parameters_of(*even.trainer.network())) {
    if (tensor.size(0) != 2 || tensor.grad().abs().max().item<float>() == 0) continue;
    ++n_outputs;
    const torch::Tensor expected = torch::stack({tensor.grad()[0] * 1.5, tensor.grad()[1] * 0.5});
    EXPECT_TRUE(torch::allclose(weighted.at(name).grad(), expected, 1e-4, 1e-7)) << name;
  }
  EXPECT_GT(n_outputs, 0);
}

TEST_F(TrainerOptions, sees_the_month_before_and_the_whole_domain_in_training_and_validation) {
  make_store(Gaps::none);
  options.model.context = options.model.previous_month = true;
  Workplace many(world, options);
  Workplace one(alone, options);
  EXPECT_EQ(one.network.in_channels, 2 + static_cast<std::int64_t>(one.conditioning.n_channels()));
  EXPECT_EQ(one.conditioning.channel_names().back(), "vas_context_anomaly");
  for (int i = 0; i < 2; ++i) many.trainer.update(many.trainer.compute_gradients());
  CheckpointContent content;
  many.trainer.save(content);
  one.trainer.restore(content, 2);
  EXPECT_EQ(many.loss_validator.loss(many.trainer.average()).entries(),
            one.loss_validator.loss(one.trainer.average()).entries());
  EXPECT_EQ(many.crps_validator.score(many.trainer.average()).variables,
            one.crps_validator.score(one.trainer.average()).variables);
}

TEST_F(TrainerOptions, student_noise_of_a_patch_is_gaussian_noise_times_one_scale) {
  options.diffusion.consistency = "none";
  make_store(Gaps::none);
  Workplace place(alone, options);
  const Schedule schedule = make_schedule(place.options.diffusion);
  const Patch patch{.i_item = 4, .window = {2, 0, 8, 12}, .noise_level = 60, .id = 10};
  const auto noise_of = [&](double degrees_of_freedom) {
    const BatchMaker maker(place.samples, place.content.positions(place.content.train), schedule,
                           {.seed = 5, .noise_degrees_of_freedom = degrees_of_freedom});
    const Batch batch = maker.make({&patch, 1});
    return denoise(Prediction::v, batch.target, batch.input.narrow(1, 0, 2), schedule.abar(60)).eps;
  };
  const double scale =
      student_scale({.seed = 5, .purpose = Purpose::training_noise, .a = patch.id}, 6);
  EXPECT_NE(scale, 1);
  EXPECT_TRUE(torch::allclose(noise_of(6), noise_of(0) * scale, 1e-4, 1e-4));
}

TEST_F(TrainerOptions, half_of_the_patches_are_mirrored_with_northward_winds_and_season_reversed) {
  options.diffusion.consistency = "none";
  make_store(Gaps::none);
  Workplace place(alone, options);
  const std::vector<float> signs =
      mirror_signs(place.content.variables, place.conditioning.channel_names());
  ASSERT_EQ(place.content.variables, (std::vector<std::string>{"uas", "vas"}));
  EXPECT_EQ(signs[0], 1);
  EXPECT_EQ(signs[1], -1);
  const auto& names = place.conditioning.channel_names();
  for (std::size_t c = 0; c < names.size(); ++c) {
    const bool odd =
        names[c] == "vas_lerp" || names[c] == "month_sin" || names[c] == "latitude_sin";
    const bool even = names[c] == "uas_lerp" || names[c] == "relief" || names[c] == "vas_log_scale";
    if (odd || even) {
      EXPECT_EQ(signs[2 + c], odd ? -1 : 1) << names[c];
    }
  }
  const auto batch_of = [&](std::uint64_t id, const std::vector<float>& mirror) {
    const BatchMaker maker(place.samples, place.content.positions(place.content.train),
                           make_schedule(options.diffusion),
                           {.prediction = Prediction::mean, .mirror_signs = mirror});
    return maker.make(std::vector<Patch>{{.i_item = 1, .window = {0, 4, 8, 12}, .id = id}});
  };
  const torch::Tensor sign = torch::tensor(signs).view({1, -1, 1, 1});
  int n_mirrored = 0;
  constexpr int n = 64;
  for (std::uint64_t id = 0; id < n; ++id) {
    const Batch plain = batch_of(id, {}), seen = batch_of(id, signs);
    if (torch::equal(plain.target, seen.target)) continue;
    ++n_mirrored;
    EXPECT_TRUE(torch::equal(seen.target, plain.target.flip(2) * sign.narrow(1, 0, 2)));
    EXPECT_TRUE(torch::equal(seen.input, plain.input.flip(2) * sign));
    EXPECT_TRUE(torch::equal(seen.weight, plain.weight.flip(2)));
  }
  EXPECT_NEAR(n_mirrored, n / 2, 4 * std::sqrt(n / 4.0));  // four standard deviations
}

}  // namespace
}  // namespace hindscale
