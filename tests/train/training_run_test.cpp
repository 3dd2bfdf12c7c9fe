// SPDX-License-Identifier: Apache-2.0
// Whole trainings: restart, damaged checkpoints, refusals, clean stops, divergence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "hindscale/core/commit.hpp"
#include "support/temporary.hpp"
#include "train/workplace.hpp"

namespace hindscale {
namespace {

using test::Workplace;

/// One store and one uninterrupted training ("straight") serve all tests of the suite; each test
/// trains in a folder of its own.
struct TrainingRunTest : testing::Test {
  struct Shared {
    Context context = test::world_context();
    test::TemporaryFolder folder{context.comm};
  };
  static std::unique_ptr<Shared> shared;

  static void SetUpTestSuite() {
    shared = std::make_unique<Shared>();
    test::write_synthetic_store(shared->context.comm, shared->folder.path() / "samples.h5");
    EXPECT_EQ(train(options_in("straight")), ExitCode::done);
  }
  static void TearDownTestSuite() { shared.reset(); }

  static Options options_in(const std::string& name) {
    Options options = test::small_options(shared->folder.path() / name);
    options.dataset.store = (shared->folder.path() / "samples.h5").string();
    return options;
  }
  static ExitCode train(const Options& options, double wall_time_s = 0) {
    Workplace place(shared->context, options);
    const ExitCode code = place.run(wall_time_s);
    barrier(shared->context.comm);
    return code;
  }
};
std::unique_ptr<TrainingRunTest::Shared> TrainingRunTest::shared;

/// The lines of the metrics file without what depends on the clock.
std::vector<nlohmann::json> metrics_of(const Options& options) {
  std::istringstream text(
      read_text(std::filesystem::path(options.experiment.directory) / "metrics.jsonl"));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(text, line);) {
    auto json = nlohmann::json::parse(line);
    for (const char* key : {"patches_per_s", "left_s", "data_wait_s", "reduction_wait_s",
                            "elapsed_s", "validation_s"})
      json.erase(key);
    lines.push_back(std::move(json));
  }
  return lines;
}

CheckpointContent checkpoint_of(const Options& options, std::int64_t step) {
  return read_checkpoint(checkpoint_folder(options.checkpoints_path(), step), CheckpointParts::all);
}

void expect_equal_bits(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
}

void expect_same_end(const Options& a, const Options& b) {
  expect_equal_bits(checkpoint_of(a, 8).model, checkpoint_of(b, 8).model);
  expect_equal_bits(checkpoint_of(a, 8).optimizer, checkpoint_of(b, 8).optimizer);
  EXPECT_EQ(metrics_of(a), metrics_of(b));
  EXPECT_EQ(read_best(a.checkpoints_path())->step, read_best(b.checkpoints_path())->step);
}

void damage(const std::filesystem::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(-1, std::ios::end);
  stream.put('\x55');
}

TEST_F(TrainingRunTest, restart_equals_an_uninterrupted_run_bit_for_bit) {
  const Options straight = options_in("straight");
  Options halves = options_in("halves");
  halves.training.stop_step = 3;  // between two lines of progress and between two checkpoints
  EXPECT_EQ(train(halves), ExitCode::stopped);
  EXPECT_EQ(train(halves), ExitCode::done);  // reached already: nothing to do
  EXPECT_THAT(checkpoint_steps(halves.checkpoints_path()), testing::ElementsAre(2, 3));
  halves.training.stop_step = 0;
  EXPECT_EQ(train(halves), ExitCode::done);
  expect_same_end(straight, halves);
}

TEST_F(TrainingRunTest, goes_on_from_the_one_before_a_damaged_checkpoint) {
  const Options straight = options_in("straight");
  Options options = options_in("damaged");
  options.training.stop_step = 6;
  train(options);
  if (shared->context.comm.is_root())
    damage(checkpoint_folder(options.checkpoints_path(), 6) / "model.safetensors");
  barrier(shared->context.comm);
  options.training.stop_step = 0;
  EXPECT_EQ(train(options), ExitCode::done);
  expect_same_end(straight, options);
}

TEST_F(TrainingRunTest, goes_on_from_a_checkpoint_of_a_program_that_knew_fewer_options) {
  Options options = options_in("older");
  options.training.stop_step = 3;
  train(options);
  if (shared->context.comm.is_root()) {
    CheckpointContent checkpoint = checkpoint_of(options, 3);
    auto& state = checkpoint.state;
    state["position"].erase("interval_loss");
    state["position"]["interval_loss_sum"] = 1.5;
    for (const char* key :
         {"model/context", "model/previous_month", "training/variable_weights", "training/mirror",
          "training/initial_weights", "diffusion/noise_degrees_of_freedom"})
      EXPECT_EQ(state["determined_by"].erase(key), 1U) << key;
    state["model"].erase("context");
    state["model"].erase("previous_month");
    state["diffusion"].erase("noise_degrees_of_freedom");
    EXPECT_FALSE(conditioning_options_of(state).model.context);
    EXPECT_EQ(conditioning_options_of(state).diffusion.noise_degrees_of_freedom, 0);
    write_checkpoint(options.checkpoints_path(), 3, checkpoint);
  }
  barrier(shared->context.comm);
  options.training.stop_step = 0;
  EXPECT_EQ(train(options), ExitCode::done);
  const Options straight = options_in("straight");
  expect_equal_bits(checkpoint_of(straight, 8).model, checkpoint_of(options, 8).model);
}

TEST_F(TrainingRunTest, metrics_hold_the_loss_by_variable_and_noise_level) {
  std::size_t n_training = 0, n_validation = 0;
  for (const auto& line : metrics_of(options_in("straight"))) {
    const std::string prefix = line.contains("loss") ? "" : "validation_";
    ++(prefix.empty() ? n_training : n_validation);
    const auto& by_variable = line.at(prefix + "loss_by_variable");
    const double mean =
        (by_variable.at("uas").get<double>() + by_variable.at("vas").get<double>()) / 2;
    EXPECT_NEAR(line.at(prefix + "loss").get<double>(), mean, 1e-12 * mean);  // none is missing
    EXPECT_EQ(line.at(prefix + "loss_by_noise_level").size(), LossTable::n_fifths);
  }
  EXPECT_EQ(n_training, 4U);
  EXPECT_EQ(n_validation, 2U);
}

TEST_F(TrainingRunTest, a_finished_training_is_left_alone) {
  const Options options = options_in("straight");
  const std::string digest = checkpoint_digest(checkpoint_folder(options.checkpoints_path(), 8));
  EXPECT_EQ(train(options), ExitCode::done);
  EXPECT_EQ(checkpoint_digest(checkpoint_folder(options.checkpoints_path(), 8)), digest);
}

TEST_F(TrainingRunTest, keeps_the_newest_and_the_best) {
  Options options = options_in("straight");
  const auto best = read_best(options.checkpoints_path());
  ASSERT_TRUE(best.has_value());
  EXPECT_EQ(best->step % options.training.validate_every, 0);
  EXPECT_EQ(best_checkpoint(options.checkpoints_path()),
            checkpoint_folder(options.checkpoints_path(), best->step));
  EXPECT_THAT(checkpoint_steps(options.checkpoints_path()), testing::ElementsAre(4, 6, 8));
}

TEST_F(TrainingRunTest, refuses_to_go_on_with_options_that_change_its_course) {
  Options options = options_in("changed");
  options.training.stop_step = 2;
  train(options);
  options.training.steps = 9;
  options.training.learning_rate = 0.5;
  options.training.mirror = true;
  options.diffusion.prediction = "eps";
  options.training.keep_checkpoints = 7;  // does not matter
  try {
    train(options);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_THAT(error.facts().why, testing::HasSubstr("training/steps: 8 then, 9 now"));
    EXPECT_THAT(error.facts().why, testing::HasSubstr("training/learning_rate"));
    EXPECT_THAT(error.facts().why, testing::HasSubstr("training/mirror"));
    EXPECT_THAT(error.facts().why, testing::HasSubstr("diffusion/prediction"));
    EXPECT_THAT(error.facts().why, testing::Not(testing::HasSubstr("keep_checkpoints")));
  }
}

TEST_F(TrainingRunTest, a_spent_wall_time_budget_stops_with_a_checkpoint) {
  const Options options = options_in("budget");
  EXPECT_EQ(train(options, 1e-9), ExitCode::stopped);
  EXPECT_THAT(checkpoint_steps(options.checkpoints_path()), testing::ElementsAre(1));
}

TEST_F(TrainingRunTest, a_loss_that_is_not_finite_names_step_months_and_last_good_checkpoint) {
  Options options = options_in("diverged");
  options.training.learning_rate = 1e30;
  options.training.checkpoint_every = 1;
  try {
    train(options);
    FAIL() << "went on";
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_THAT(message, testing::HasSubstr("training step "));
    EXPECT_THAT(message, testing::ContainsRegex("200[01]-[01][0-9]"));
    EXPECT_THAT(message, testing::HasSubstr("step_0000000"));
  }
}

TEST_F(TrainingRunTest, a_checkpoint_says_how_its_network_is_fed) {
  const Options options = options_in("straight");
  const Workplace place(shared->context, options);
  const CheckpointContent checkpoint = checkpoint_of(options, 8);
  EXPECT_EQ(checkpoint.state.at("channels").get<std::vector<std::string>>(),
            place.conditioning.channel_names());
  EXPECT_EQ(network_to_json(network_from_json(checkpoint.state.at("network"))),
            network_to_json(place.network));
  const ConditioningOptions conditioning = conditioning_options_of(checkpoint.state);
  EXPECT_EQ(conditioning.diffusion.base, "lerp_corrected");
  EXPECT_EQ(conditioning.model.multipliers, options.model.multipliers);
  const Normalisation normalisation = normalisation_of(checkpoint.model);
  ASSERT_EQ(normalisation.size(), place.conditioning.normalisation().size());
  for (const auto& [name, values] : place.conditioning.normalisation()) {
    EXPECT_TRUE(std::ranges::equal(values.flat(), normalisation.at(name).flat())) << name;
  }
}

}  // namespace
}  // namespace hindscale
