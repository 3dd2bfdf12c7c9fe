// SPDX-License-Identifier: Apache-2.0
// Months from text and back.
#include "hindscale/time/month.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number_of(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace

Month Month::parse(std::string_view text) {
  const bool formed = text.size() == 7 && text[4] == '-' && all_digits(text.substr(0, 4)) &&
                      all_digits(text.substr(5));
  const int month = formed ? number_of(text.substr(5)) : 0;
  if (month < 1 || month > 12) {
    throw InputError({.problem = "not a month",
                      .value = std::string(text),
                      .advice = "write a year of four digits and a month, such as '1836-01'"});
  }
  return {number_of(text.substr(0, 4)), month};
}

std::string Month::to_string() const {
  return fmt::format("{:04}-{:02}", year(), of_year() + 1);
}

}  // namespace hindscale
