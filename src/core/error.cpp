// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/error.hpp"

#include <fmt/format.h>

namespace hindscale {

std::string message_of(const ErrorFacts& facts) {
  std::string text;
  if (!facts.file.empty()) {
    text += facts.file;
    if (facts.line > 0) text += fmt::format(":{}", facts.line);
    text += ": ";
  }
  if (!facts.key.empty()) text += facts.key + ": ";
  text += facts.problem;
  if (!facts.value.empty()) text += fmt::format(" '{}'", facts.value);
  if (!facts.why.empty()) text += fmt::format(" ({})", facts.why);
  if (!facts.advice.empty()) text += "; " + facts.advice;
  return text;
}

void fail_assertion(const char* condition, const char* file, int line) {
  throw AssertionError(fmt::format("assertion failed: {} at {}:{}", condition, file, line));
}

}  // namespace hindscale
