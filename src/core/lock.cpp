// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Boot of this host and the clock tick in which a process started; empty where it is gone.
std::string start_of(long process) {
  const std::string stat = first_line(fmt::format("/proc/{}/stat", process));
  const std::size_t name_end = stat.rfind(')');  // the name before it may hold anything
  if (name_end == std::string::npos) return "";
  std::istringstream fields(stat.substr(name_end + 1));
  constexpr int n_between = 19;  // fields 3 to 21 of proc(5); the start time is field 22
  std::string field;
  for (int i = 0; i <= n_between; ++i) fields >> field;
  return first_line("/proc/sys/kernel/random/boot_id") + " " + field;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

LockHolder this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return {host.data(), static_cast<long>(::getpid()), start_of(::getpid()),
          environment("SLURM_JOB_ID"),
          std::strtol(environment("SLURM_RESTART_COUNT").c_str(), nullptr, 10)};
}

std::string text_of(const LockHolder& holder) {
  return nlohmann::json{{"host", holder.host},
                        {"process", holder.process},
                        {"started", holder.started},
                        {"job", holder.job},
                        {"restarts", holder.restarts}}
             .dump() +
         "\n";
}

LockHolder parse_holder(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    return {json.value("host", ""), json.value("process", 0L), json.value("started", ""),
            json.value("job", ""), json.value("restarts", 0L)};
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

bool is_stale(const LockHolder& holder, const fs::path& path) {
  const LockHolder self = this_process();
  if (holder.host == self.host) {
    const std::string started = start_of(holder.process);
    return started.empty() || (!holder.started.empty() && started != holder.started);
  }
  if (!holder.job.empty() && holder.job == self.job && holder.restarts < self.restarts) return true;
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
  if (found.host != stale.host || found.process != stale.process) {
    // Where it cannot be put back, a third run has taken the place meanwhile.
    [[maybe_unused]] const int status = ::link(aside.c_str(), path.c_str());
  }
  ::unlink(aside.c_str());
}

}  // namespace

DirectoryLock::DirectoryLock(fs::path directory) : path_(std::move(directory) / ".hindscale.lock") {
  const std::string mine = text_of(this_process());
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (create_exclusively(path_, mine)) {
      heartbeat_ = std::jthread([this](const std::stop_token& stop) { beat(stop); });
      return;
    }
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
  heartbeat_.request_stop();
  if (heartbeat_.joinable()) heartbeat_.join();
  const LockHolder self = this_process();
  try {
    const LockHolder holder = parse_holder(read_text(path_));
    if (holder.host == self.host && holder.process == self.process) fs::remove(path_);
  } catch (const std::exception&) {
    // The lock is gone already: nothing to release.
  }
}

void DirectoryLock::beat(const std::stop_token& stop) const {
  std::mutex mutex;
  std::unique_lock<std::mutex> guard(mutex);
  std::condition_variable_any never;
  while (!never.wait_for(guard, stop, std::chrono::seconds(heartbeat_s), [] { return false; }) &&
         !stop.stop_requested()) {
    std::ifstream file(path_);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    if (text != text_of(this_process())) return;  // taken over while this process was suspended
    std::error_code ignored;
    fs::last_write_time(path_, fs::file_time_type::clock::now(), ignored);
  }
}

}  // namespace hindscale
