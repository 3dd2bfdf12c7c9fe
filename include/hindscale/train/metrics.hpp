// SPDX-License-Identifier: Apache-2.0
// The metrics file of a training: one JSON object a line.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace hindscale {

/// Appends lines that carry "step". Opening it for a run that goes on from `last_step` drops what a
/// killed run wrote beyond that step (and a torn last line), so that the file reads as one
/// uninterrupted run. One rank owns it.
class MetricsFile {
 public:
  /// SystemError where the file cannot be written, InputError where it cannot be read.
  MetricsFile(std::filesystem::path path, std::int64_t last_step);
  /// Writes the line through to the file. SystemError on failure.
  void append(const nlohmann::json& line);

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

/// "2 h 05 min", "3 min 12 s", "8 s".
std::string text_of_duration(double seconds);
double seconds_since(std::chrono::steady_clock::time_point start);

}  // namespace hindscale
