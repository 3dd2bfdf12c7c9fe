// SPDX-License-Identifier: Apache-2.0
// The metrics file.
#include "hindscale/train/metrics.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// Whether a line belongs to the first `last_step` steps.
bool is_kept(const std::string& line, std::int64_t last_step) {
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto step = json.find("step");
  return step != json.end() && step->is_number_integer() && step->get<std::int64_t>() <= last_step;
}

std::string kept_lines(const std::string& text, std::int64_t last_step) {
  std::istringstream lines(text);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (is_kept(line, last_step)) kept += line + "\n";
  }
  return kept;
}

}  // namespace

MetricsFile::MetricsFile(std::filesystem::path path, std::int64_t last_step)
    : path_(std::move(path)) {
  if (std::filesystem::exists(path_)) {
    const std::string text = read_text(path_);
    const std::string kept = kept_lines(text, last_step);
    if (kept != text) commit_text(path_, kept);
  }
  file_.open(path_, std::ios::app);
  if (!file_)
    throw SystemError(
        {.problem = "cannot write", .value = path_.string(), .why = std::strerror(errno)});
}

void MetricsFile::append(const nlohmann::json& line) {
  file_ << line.dump() << '\n' << std::flush;
  if (!file_)
    throw SystemError(
        {.problem = "cannot write", .value = path_.string(), .why = std::strerror(errno)});
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string text_of_duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(0.0, seconds)));
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

}  // namespace hindscale
