// SPDX-License-Identifier: Apache-2.0
// Parsing of reference dates, more tolerant than ISO 8601 as files require it.
#include "reference_date.hpp"

#include <algorithm>
#include <cctype>
#include <regex>

namespace hindscale {
namespace {

double number_or_zero(const std::string& text) {
  return text.empty() ? 0.0 : std::stod(text);
}

}  // namespace

std::optional<TimeReference> parse_time_reference(const std::string& units) {
  static const std::regex form(R"(\s*([a-z]+)\s+since\s+(-?\d{1,6})-(\d{1,2})-(\d{1,2}))"
                               R"((?:(?:\s+|t)(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?)?)"
                               R"(\s*(?:z|utc|gmt|([+-])(\d{1,2}):?(\d{2})?)?\s*)",
                               std::regex::icase);
  std::smatch part;
  if (!std::regex_match(units, part, form)) return std::nullopt;
  TimeReference reference;
  reference.unit = part[1];
  std::ranges::transform(reference.unit, reference.unit.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  reference.date.year = std::stoi(part[2]);
  reference.date.month = std::stoi(part[3]);
  reference.date.day = std::stoi(part[4]);
  const double hours =
      number_or_zero(part[5]) + number_or_zero(part[6]) / 60 + number_or_zero(part[7]) / 3600;
  if (hours >= 24) return std::nullopt;
  reference.date.fraction = hours / 24;
  const double sign = part[8] == "-" ? -1 : 1;
  reference.offset_days = sign * (number_or_zero(part[9]) + number_or_zero(part[10]) / 60) / 24;
  return reference;
}

}  // namespace hindscale
