// SPDX-License-Identifier: Apache-2.0
// The commit protocol: nothing unverified ever carries a final name.
#include "hindscale/core/commit.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "hindscale/core/error.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

namespace fs = std::filesystem;

class Commit : public ::testing::Test {
 protected:
  void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  [[nodiscard]] fs::path in_folder(const char* name) const { return folder_.path() / name; }

 private:
  Communicator comm_;
  test::TemporaryFolder folder_{comm_};
};

TEST_F(Commit, a_verified_part_gets_the_final_name) {
  const fs::path path = in_folder("data.nc");
  EXPECT_EQ(part_path(path).filename(), "data.nc.part");
  write(part_path(path), "content");
  bool final_name_was_free = false;
  commit_file(path, [&](const fs::path& part) {
    final_name_was_free = read_text(part) == "content" && !fs::exists(path);
  });
  EXPECT_TRUE(final_name_was_free);
  EXPECT_EQ(read_text(path), "content");
  EXPECT_FALSE(fs::exists(part_path(path)));
}

TEST_F(Commit, failing_verification_leaves_the_final_name_untouched) {
  const fs::path path = in_folder("data.nc");
  write(path, "old");
  write(part_path(path), "broken");
  const auto refuse = [](const fs::path&) { throw SystemError({.problem = "differs"}); };
  EXPECT_THROW(commit_file(path, refuse), SystemError);
  EXPECT_EQ(read_text(path), "old");
  EXPECT_EQ(read_text(part_path(path)), "broken");
}

TEST_F(Commit, beginning_to_sync_a_growing_file_changes_nothing_and_never_fails) {
  const fs::path path = in_folder("growing");
  std::ofstream file(path);
  file << "first" << std::flush;
  begin_sync_to_disk(path);
  file << " second" << std::flush;
  begin_sync_to_disk(path);
  EXPECT_EQ(read_text(path), "first second");
  EXPECT_NO_THROW(begin_sync_to_disk(in_folder("absent")));
  EXPECT_NO_THROW(begin_sync_to_disk("/dev/null"));
}

TEST_F(Commit, a_missing_part_is_a_system_error_naming_it) {
  const fs::path path = in_folder("absent");
  try {
    commit_file(path, [](const fs::path&) {});
    FAIL() << "committed nothing";
  } catch (const SystemError& error) {
    EXPECT_EQ(error.facts().value, part_path(path).string());
    EXPECT_FALSE(error.facts().why.empty());
  }
}

TEST_F(Commit, text_replaces_what_was_there) {
  const fs::path path = in_folder("manifest.json");
  commit_text(path, "one");
  commit_text(path, "");
  EXPECT_EQ(read_text(path), "");
  const std::string long_text(3'000'000, 'z');
  commit_text(path, long_text);
  EXPECT_EQ(read_text(path), long_text);
  EXPECT_FALSE(fs::exists(part_path(path)));
}

TEST_F(Commit, text_that_the_disk_cannot_hold_is_a_system_error) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const fs::path path = in_folder("data.json");
  write(path, "old");
  fs::create_symlink("/dev/full", part_path(path));
  EXPECT_THROW(commit_text(path, "new"), SystemError);
  EXPECT_EQ(read_text(path), "old");
}

TEST_F(Commit, text_into_a_missing_folder_is_a_system_error) {
  EXPECT_THROW(commit_text(in_folder("absent") / "file", "text"), SystemError);
}

TEST_F(Commit, reading_what_is_no_file_is_an_input_error) {
  EXPECT_THROW(read_text(in_folder("absent")), InputError);
  EXPECT_THROW(read_text(in_folder("")), InputError);
}

TEST_F(Commit, folders_are_made_with_their_parents_unless_a_file_is_in_the_way) {
  make_directory(in_folder("a/b/c"));
  EXPECT_TRUE(fs::is_directory(in_folder("a/b/c")));
  EXPECT_NO_THROW(make_directory(in_folder("a/b/c")));
  write(in_folder("file"), "");
  EXPECT_THROW(make_directory(in_folder("file")), InputError);
  EXPECT_THROW(make_directory(in_folder("file/below")), InputError);
}

TEST_F(Commit, disks_are_checked_for_space_and_permission) {
  EXPECT_NO_THROW(check_disk(in_folder(""), 1));
  EXPECT_TRUE(fs::is_empty(in_folder("")));
  EXPECT_THROW(check_disk(in_folder(""), std::numeric_limits<std::uintmax_t>::max()), InputError);
  EXPECT_THROW(check_disk(in_folder("absent"), 1), InputError);
}

TEST(TimestampUtc, comes_from_the_environment_where_it_is_set) {
  ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  EXPECT_EQ(timestamp_utc(), "2023-11-14T22:13:20Z");
  ::unsetenv("SOURCE_DATE_EPOCH");
  EXPECT_NE(timestamp_utc(), "2023-11-14T22:13:20Z");
}

}  // namespace
}  // namespace hindscale
