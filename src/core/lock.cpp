// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

LockHolder this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const char* job = std::getenv("SLURM_JOB_ID");
  return {host.data(), static_cast<long>(::getpid()), job == nullptr ? "" : job};
}

std::string text_of(const LockHolder& holder) {
  return nlohmann::json{{"host", holder.host}, {"process", holder.process}, {"job", holder.job}}
             .dump() +
         "\n";
}

LockHolder parse_holder(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return {};
  return {json.value("host", ""), json.value("process", 0L), json.value("job", "")};
}

bool is_stale(const LockHolder& holder, const fs::path& path) {
  const LockHolder self = this_process();
  if (holder.host == self.host) {
    return holder.process <= 0 ||
           (::kill(static_cast<pid_t>(holder.process), 0) != 0 && errno == ESRCH);
  }
  if (!holder.job.empty() && holder.job == self.job)
    return true;  // the same job, requeued on another node
  std::error_code error;
  const auto written = fs::last_write_time(path, error);
  const auto age = fs::file_time_type::clock::now() - written;
  return !error && age > std::chrono::seconds(DirectoryLock::stale_after_s);
}

/// Creates the lock file with its content in one step; false where it exists.
bool create_exclusively(const fs::path& path, const std::string& text) {
  const fs::path draft = fmt::format("{}.{}", path.string(), ::getpid());
  const int file = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) {
    throw InputError({.problem = "cannot write into the folder",
                      .value = path.parent_path().string(),
                      .why = std::strerror(errno)});
  }
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  const bool linked = written && ::link(draft.c_str(), path.c_str()) == 0;
  const int error = errno;
  ::unlink(draft.c_str());
  if (!written || (!linked && error != EEXIST)) {
    throw SystemError(
        {.problem = "cannot create the lock", .value = path.string(), .why = std::strerror(error)});
  }
  return linked;
}

/// Removes a stale lock, but never one that another run put in its place in the meantime.
void set_aside(const fs::path& path, const LockHolder& stale) {
  const fs::path aside = fmt::format("{}.stale.{}", path.string(), ::getpid());
  if (::rename(path.c_str(), aside.c_str()) != 0) return;  // somebody else took it away first
  const LockHolder found = parse_holder(read_text(aside));
  if (found.host != stale.host || found.process != stale.process)
    ::link(aside.c_str(), path.c_str());
  ::unlink(aside.c_str());
}

}  // namespace

DirectoryLock::DirectoryLock(fs::path directory) : path_(std::move(directory) / ".hindscale.lock") {
  const std::string mine = text_of(this_process());
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (create_exclusively(path_, mine)) return;
    const LockHolder holder = parse_holder(read_text(path_));
    if (!is_stale(holder, path_)) {
      throw InputError(
          {.problem = "the folder is in use",
           .value = path_.parent_path().string(),
           .why = fmt::format("host {}, process {}, job {}", holder.host, holder.process,
                              holder.job.empty() ? "none" : holder.job),
           .advice = fmt::format("wait for that run; if it is gone, remove {}", path_.string())});
    }
    taken_over_ = holder;
    set_aside(path_, holder);
  }
  throw InputError({.problem = "another run took the folder at the same moment",
                    .value = path_.parent_path().string()});
}

DirectoryLock::~DirectoryLock() {
  const LockHolder self = this_process();
  try {
    const LockHolder holder = parse_holder(read_text(path_));
    if (holder.host == self.host && holder.process == self.process) fs::remove(path_);
  } catch (const std::exception&) {
    // The lock is gone already: nothing to release.
  }
}

void DirectoryLock::refresh() const {
  std::error_code ignored;
  fs::last_write_time(path_, fs::file_time_type::clock::now(), ignored);
}

}  // namespace hindscale
