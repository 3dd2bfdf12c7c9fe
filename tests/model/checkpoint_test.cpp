// SPDX-License-Identifier: Apache-2.0
// Checkpoints come back bit for bit, and every kind of damage is named.
#include "hindscale/model/checkpoint.hpp"

#include <gmock/gmock.h>
#include <torch/torch.h>

#include <fstream>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

CheckpointContent content_of(double number) {
  CheckpointContent content;
  content.state = {{"step", number}, {"note", "text"}};
  content.model = {
      {"raw.a", torch::full({2, 3}, number, torch::kFloat32)},
      {"raw.view", torch::randn({2, 4, 3, 3}).contiguous(torch::MemoryFormat::ChannelsLast)},
      {"transform.mean", torch::full({4}, number / 3, torch::kFloat64)}};
  content.optimizer = {{"moment.a", torch::ones({2, 3})},
                       {"count", torch::tensor({7}, torch::kInt64)}};
  return content;
}

void overwrite(const fs::path& path, std::uintmax_t offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  file << bytes;
}

std::string rejection_of(const fs::path& folder) {
  try {
    read_checkpoint(folder, CheckpointParts::all);
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr(folder.string()));
    return error.facts().why;
  }
  return "";
}

class Checkpoint : public testing::Test {
 protected:
  fs::path write(std::int64_t step) {
    write_checkpoint(root_, step, content_of(static_cast<double>(step)));
    return checkpoint_folder(root_, step);
  }
  Communicator comm_;
  test::TemporaryFolder temporary_{comm_};
  fs::path root_ = temporary_.path() / "checkpoints";
};

TEST_F(Checkpoint, comes_back_bit_for_bit) {
  const CheckpointContent content = content_of(12);
  write_checkpoint(root_, 12, content);
  EXPECT_EQ(checkpoint_folder(root_, 12).filename(), "step_00000012");
  const CheckpointContent found =
      read_checkpoint(checkpoint_folder(root_, 12), CheckpointParts::all);
  EXPECT_EQ(found.state.at("note"), "text");
  ASSERT_EQ(found.model.size(), content.model.size());
  for (const auto& [name, tensor] : content.model)
    EXPECT_TRUE(torch::equal(tensor, found.model.at(name))) << name;
  for (const auto& [name, tensor] : content.optimizer)
    EXPECT_TRUE(torch::equal(tensor, found.optimizer.at(name))) << name;
  EXPECT_EQ(found.model.at("transform.mean").scalar_type(), torch::kFloat64);
  EXPECT_TRUE(
      read_checkpoint(checkpoint_folder(root_, 12), CheckpointParts::model_only).optimizer.empty());
}

TEST_F(Checkpoint, digest_identifies_the_content) {
  const std::string first = checkpoint_digest(write(1));
  EXPECT_EQ(first.size(), 64U);
  EXPECT_NE(first, checkpoint_digest(write(2)));
}

TEST_F(Checkpoint, replaces_one_of_the_same_step_and_a_part_left_behind) {
  write(3);
  make_directory(root_ / "step_00000003.part");
  write_checkpoint(root_, 3, content_of(99));
  EXPECT_EQ(read_checkpoint(checkpoint_folder(root_, 3), CheckpointParts::all).state.at("step"),
            99);
  EXPECT_FALSE(fs::exists(root_ / "step_00000003.part"));
}

TEST_F(Checkpoint, without_done_is_refused) {
  const fs::path folder = write(1);
  fs::remove(folder / "DONE");
  EXPECT_THAT(rejection_of(folder), HasSubstr("DONE"));
  EXPECT_THAT(rejection_of(root_ / "step_00000009"), HasSubstr("no such folder"));
}

TEST_F(Checkpoint, with_truncated_flipped_or_missing_file_is_refused) {
  for (const char* name : {"model.safetensors", "optimizer.safetensors"}) {
    fs::path folder = write(1);
    fs::resize_file(folder / name, fs::file_size(folder / name) - 4);
    EXPECT_THAT(rejection_of(folder), testing::AllOf(HasSubstr(name), HasSubstr("bytes")));
    folder = write(1);
    overwrite(folder / name, fs::file_size(folder / name) - 3, "x");
    EXPECT_THAT(rejection_of(folder), testing::AllOf(HasSubstr(name), HasSubstr("digest")));
    folder = write(1);
    fs::remove(folder / name);
    EXPECT_THAT(rejection_of(folder), testing::AllOf(HasSubstr(name), HasSubstr("missing")));
  }
  const fs::path folder = write(1);
  overwrite(folder / "state.json", 3, "X");
  EXPECT_THAT(rejection_of(folder), HasSubstr("state.json"));
}

/// Makes a folder whose digests agree with files that are not what they should be.
void reseal(const fs::path& folder) {
  nlohmann::json state = nlohmann::json::parse(read_text(folder / "state.json"));
  for (auto& [name, entry] : state["files"].items()) {
    entry = {{"bytes", fs::file_size(folder / name)}, {"sha256", sha256_of_file(folder / name)}};
  }
  commit_text(folder / "state.json", state.dump());
  commit_text(folder / "DONE", sha256_of(state.dump()));
}

TEST_F(Checkpoint, with_a_nan_under_valid_digests_is_refused_by_name) {
  const fs::path folder = write(1);
  // The last tensor of the archive, transform.mean, ends the file; its last value becomes a NaN.
  const fs::path file = folder / "model.safetensors";
  overwrite(file, fs::file_size(file) - 8, std::string(8, '\xff'));
  reseal(folder);
  EXPECT_THAT(rejection_of(folder), HasSubstr("transform.mean"));
}

TEST_F(Checkpoint, with_other_shapes_under_valid_digests_is_refused) {
  const fs::path folder = write(1);
  const fs::path file = folder / "model.safetensors";
  std::string text = read_text(file);
  const std::size_t place = text.find("[2,3]");
  ASSERT_NE(place, std::string::npos);
  overwrite(file, place, "[2,4]");
  reseal(folder);
  EXPECT_THROW(read_checkpoint(folder, CheckpointParts::all), InputError);
}

TEST_F(Checkpoint, of_values_that_are_not_finite_is_not_written) {
  CheckpointContent content = content_of(1);
  content.model.at("raw.a")[1][1] = std::numeric_limits<float>::quiet_NaN();
  try {
    write_checkpoint(root_, 1, content);
    FAIL() << "a NaN was written";
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().value, "raw.a");
  }
  EXPECT_FALSE(fs::exists(checkpoint_folder(root_, 1)));
}

TEST_F(Checkpoint, newest_valid_one_is_found_and_the_damaged_are_described) {
  write(10);
  write(20);
  fs::remove(write(30) / "DONE");
  make_directory(root_ / "step_00000040.part");
  const fs::path flipped = write(25);
  overwrite(flipped / "model.safetensors", fs::file_size(flipped / "model.safetensors") - 3, "x");
  std::vector<std::string> rejected;
  EXPECT_EQ(newest_valid_checkpoint(root_, rejected), checkpoint_folder(root_, 20));
  ASSERT_EQ(rejected.size(), 2U);
  EXPECT_THAT(rejected[0], testing::AllOf(HasSubstr("step_00000030"), HasSubstr("DONE")));
  EXPECT_THAT(rejected[1], testing::AllOf(HasSubstr("step_00000025"), HasSubstr("digest")));
  EXPECT_EQ(newest_valid_checkpoint(root_ / "nowhere", rejected), std::nullopt);
}

TEST_F(Checkpoint, pruning_keeps_the_newest_and_the_best) {
  for (const std::int64_t step : {10, 20, 30, 40, 50}) write(step);
  write_best(root_, {.step = 20, .score = 0.25});
  make_directory(root_ / "step_00000060.part");
  keep_newest(root_, 50, 2);
  EXPECT_THAT(checkpoint_steps(root_), testing::ElementsAre(20, 40, 50));
  EXPECT_FALSE(fs::exists(root_ / "step_00000060.part"));
  EXPECT_EQ(best_checkpoint(root_), checkpoint_folder(root_, 20));
  EXPECT_EQ(read_best(root_)->score, 0.25);
}

TEST_F(Checkpoint, the_one_just_written_is_kept_and_later_ones_are_not) {
  for (const std::int64_t step : {10, 20, 30}) write(step);
  keep_newest(root_, 20, 1);
  EXPECT_THAT(checkpoint_steps(root_), testing::ElementsAre(20));
}

TEST_F(Checkpoint, without_a_best_record_is_said_so) {
  EXPECT_FALSE(read_best(root_).has_value());
  EXPECT_THROW(best_checkpoint(root_), InputError);
  make_directory(root_);
  write_best(root_, {.step = 7, .score = 1});
  EXPECT_THROW(best_checkpoint(root_), InputError);
}

}  // namespace
}  // namespace hindscale
