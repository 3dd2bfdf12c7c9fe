// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/commit.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include "hindscale/core/error.hpp"
#include "hindscale/core/units.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const char* problem, const fs::path& path, int error) {
  throw SystemError({.problem = problem, .value = path.string(), .why = std::strerror(error)});
}

void write_all(int file, std::string_view text, const fs::path& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int error = errno;
      ::close(file);
      fail("cannot write", path, error);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

fs::path part_path(const fs::path& final_path) {
  return final_path.string() + ".part";
}

void sync_to_disk(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail("cannot open", path, errno);
  const int status = ::fsync(file);
  const int error = errno;
  ::close(file);
  if (status != 0) fail("cannot write to disk", path, error);
}

void begin_sync_to_disk(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  constexpr off_t from_start = 0, to_end = 0;
  static_cast<void>(::sync_file_range(file, from_start, to_end, SYNC_FILE_RANGE_WRITE));
  ::close(file);
}

void commit_file(const fs::path& final_path, const std::function<void(const fs::path&)>& verify) {
  const fs::path part = part_path(final_path);
  sync_to_disk(part);
  verify(part);
  std::error_code error;
  fs::rename(part, final_path, error);
  if (error) fail("cannot rename to", final_path, error.value());
  const fs::path parent = final_path.parent_path();
  sync_to_disk(parent.empty() ? fs::path(".") : parent);
}

void commit_text(const fs::path& final_path, std::string_view text) {
  const fs::path part = part_path(final_path);
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail("cannot write", part, errno);
  write_all(file, text, part);
  if (::close(file) != 0) fail("cannot close", part, errno);
  commit_file(final_path, [&](const fs::path& written) {
    if (read_text(written) != text) fail("content differs after writing", written, EIO);
  });
}

void append_text(const fs::path& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) fail("cannot write", path, errno);
  write_all(file, text, path);
  if (::close(file) != 0) fail("cannot close", path, errno);
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || fs::is_directory(path)) {
    throw InputError({.problem = "cannot read",
                      .value = path.string(),
                      .why = fs::is_directory(path) ? "it is a folder" : std::strerror(errno)});
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error || !fs::is_directory(path)) {
    throw InputError({.problem = "cannot create the folder",
                      .value = path.string(),
                      .why = error ? error.message() : "a file of that name is in the way"});
  }
}

void check_disk(const fs::path& directory, std::uintmax_t bytes_needed) {
  const fs::path probe = directory / fmt::format(".hindscale_probe_{}", ::getpid());
  const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) {
    throw InputError({.problem = "cannot write into the folder",
                      .value = directory.string(),
                      .why = std::strerror(errno),
                      .advice = "choose another folder or mend its permissions"});
  }
  ::close(file);
  fs::remove(probe);
  std::error_code error;
  const fs::space_info space = fs::space(directory, error);
  if (error) fail("cannot ask the free space of", directory, error.value());
  if (space.available < bytes_needed) {
    throw InputError({.problem = "not enough disk in",
                      .value = directory.string(),
                      .why = fmt::format("{:.1f} MiB are needed, {:.1f} MiB are free",
                                         static_cast<double>(bytes_needed) / mib,
                                         static_cast<double>(space.available) / mib),
                      .advice = "free some space or write elsewhere"});
  }
}

std::string timestamp_utc() {
  std::time_t now = std::time(nullptr);
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH"); epoch != nullptr && *epoch != '\0') {
    now = static_cast<std::time_t>(std::strtoll(epoch, nullptr, 10));
  }
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace hindscale
