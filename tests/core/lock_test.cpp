// SPDX-License-Identifier: Apache-2.0
// One run at a time: living holders are respected, dead ones replaced.
#include "hindscale/core/lock.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

namespace fs = std::filesystem;

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// The number of a process that has ended.
pid_t dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

class Lock : public ::testing::Test {
 protected:
  void write_lock(const std::string& host, long process, const std::string& job) {
    std::ofstream(file()) << R"({"host": ")" << host << R"(", "process": )" << process
                          << R"(, "job": ")" << job << R"("})";
  }
  [[nodiscard]] const fs::path& folder() const { return folder_.path(); }
  [[nodiscard]] fs::path file() const { return folder() / ".hindscale.lock"; }
  void age_lock(int seconds) {
    fs::last_write_time(file(), fs::file_time_type::clock::now() - std::chrono::seconds(seconds));
  }

 private:
  Communicator comm_;
  test::TemporaryFolder folder_{comm_};
};

TEST_F(Lock, a_second_holder_is_refused_naming_host_and_process) {
  const DirectoryLock first(folder());
  EXPECT_FALSE(first.taken_over().has_value());
  try {
    const DirectoryLock second(folder());
    FAIL() << "two holders";
  } catch (const InputError& error) {
    EXPECT_NE(error.facts().why.find(host_name()), std::string::npos);
    EXPECT_NE(error.facts().why.find(std::to_string(::getpid())), std::string::npos);
    EXPECT_EQ(error.facts().value, folder().string());
  }
  EXPECT_TRUE(fs::exists(file()));
}

TEST_F(Lock, is_released_at_the_end_and_leaves_nothing) {
  { const DirectoryLock first(folder()); }
  EXPECT_TRUE(fs::is_empty(folder()));
  EXPECT_NO_THROW(DirectoryLock{folder()});
}

TEST_F(Lock, of_a_dead_process_is_taken_over_and_said_so) {
  const pid_t dead = dead_process();
  write_lock(host_name(), dead, "");
  const DirectoryLock lock(folder());
  ASSERT_TRUE(lock.taken_over().has_value());
  EXPECT_EQ(lock.taken_over()->process, dead);
  EXPECT_NE(read_text(file()).find(std::to_string(::getpid())), std::string::npos);
}

TEST_F(Lock, of_a_living_process_of_this_host_holds_however_old) {
  write_lock(host_name(), ::getppid(), "");
  age_lock(100 * DirectoryLock::stale_after_s);
  EXPECT_THROW(DirectoryLock{folder()}, InputError);
}

TEST_F(Lock, of_another_host_holds_while_it_is_refreshed) {
  write_lock("elsewhere", 1, "42");
  age_lock(DirectoryLock::stale_after_s / 2);
  EXPECT_THROW(DirectoryLock{folder()}, InputError);
  age_lock(DirectoryLock::stale_after_s + 5);
  const DirectoryLock lock(folder());
  ASSERT_TRUE(lock.taken_over().has_value());
  EXPECT_EQ(lock.taken_over()->host, "elsewhere");
  EXPECT_EQ(lock.taken_over()->job, "42");
}

TEST_F(Lock, of_a_process_whose_number_came_again_is_taken_over) {
  std::ofstream(file()) << R"({"host": ")" << host_name() << R"(", "process": )" << ::getppid()
                        << R"(, "started": "another boot 17"})";
  EXPECT_NO_THROW(DirectoryLock{folder()});
  std::ofstream(file()) << R"({"host": ")" << host_name() << R"(", "process": )" << ::getpid()
                        << R"(, "started": "an earlier container 17"})";
  EXPECT_NO_THROW(DirectoryLock{folder()});
}

TEST_F(Lock, of_the_same_job_on_another_host_holds_until_the_job_is_requeued) {
  ::setenv("SLURM_JOB_ID", "42", 1);
  write_lock("elsewhere", 1, "42");
  EXPECT_THROW(DirectoryLock{folder()}, InputError);
  ::setenv("SLURM_RESTART_COUNT", "1", 1);
  EXPECT_NO_THROW(DirectoryLock{folder()});
  ::unsetenv("SLURM_JOB_ID");
  ::unsetenv("SLURM_RESTART_COUNT");
}

TEST_F(Lock, an_unreadable_lock_is_nobodys_once_it_is_old) {
  std::ofstream(file()) << "not json";
  age_lock(DirectoryLock::stale_after_s + 5);
  EXPECT_NO_THROW(DirectoryLock{folder()});
}

TEST_F(Lock, needs_a_folder_to_write_into) {
  EXPECT_THROW(DirectoryLock{folder() / "absent"}, InputError);
}

}  // namespace
}  // namespace hindscale
