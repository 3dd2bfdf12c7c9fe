// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/values.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <regex>

namespace hindscale {
namespace {

ValueFault wrong_type(std::string_view wanted, std::string_view advice) {
  return {fmt::format("not {}", wanted), "", std::string(advice)};
}

bool is_quoted(const NamelistValue& value) {
  return value.kind == NamelistValue::Kind::quoted;
}

ValueFault out_of_range(const Range& range) {
  return {"out of range", "", "allowed: " + text_of(range)};
}

std::string text_of_real(double value) {
  if (std::isnan(value)) return "";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string text_of_string(const std::string& value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

struct ValueText {
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return text_of_real(value); }
  std::string operator()(bool value) const { return value ? ".true." : ".false."; }
  std::string operator()(const std::string& value) const { return text_of_string(value); }
  template <class T>
  std::string operator()(const std::vector<T>& values) const {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ", ") + (*this)(value);
    return text;
  }
};

/// Edits between two words: insert, delete, replace, swap of neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  std::iota(d[0].begin(), d[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string text_of(const Range& range) {
  const bool has_low = std::isfinite(range.low);
  const bool has_high = std::isfinite(range.high);
  if (has_low && has_high)
    return fmt::format("{} to {}{}", range.low, range.high, range.is_open ? ", ends excluded" : "");
  if (has_low) return fmt::format("{} {}", range.is_open ? "above" : "at least", range.low);
  if (has_high) return fmt::format("{} {}", range.is_open ? "below" : "at most", range.high);
  return "";
}

std::optional<ValueFault> convert(const NamelistValue& value, std::int64_t& target) {
  std::string_view text = value.text;
  if (is_quoted(value)) return wrong_type("a whole number", "write it without quotes");
  const bool has_plus = text.starts_with('+');
  if (has_plus) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range)
    return ValueFault{"out of range", "more than 64 bits", "write a smaller number"};
  if (error != std::errc{} || end != text.data() + text.size() ||
      (has_plus && text.starts_with('-')))
    return wrong_type("a whole number", "write digits only, as 12");
  target = number;
  return std::nullopt;
}

std::optional<ValueFault> convert(const NamelistValue& value, double& target) {
  if (is_quoted(value)) return wrong_type("a number", "write it without quotes");
  const std::string text = lower_case(value.text);
  static const std::regex endless(R"([+-]?(inf|infinity|nan(\([a-z0-9]*\))?))");
  if (std::regex_match(text, endless)) return ValueFault{"not finite", "", "write a finite number"};
  static const std::regex real(R"(([+-]?)(\d+\.?\d*|\.\d+)((?:[ed][+-]?|[+-])(\d+))?)");
  std::smatch match;
  if (!std::regex_match(text, match, real))
    return wrong_type("a number", "write it as 0.5 or 1e-3");
  std::string digits = match[2];
  if (match[3].matched) {
    std::string exponent = match[3];
    if (exponent.front() == 'e' || exponent.front() == 'd') exponent.erase(0, 1);
    digits += "e" + exponent;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size())
    return ValueFault{"out of range", "beyond double precision",
                      "write a number between 1e-300 and 1e300"};
  target = match[1] == "-" ? -number : number;
  return std::nullopt;
}

std::optional<ValueFault> convert(const NamelistValue& value, bool& target) {
  const std::string text = lower_case(value.text);
  const bool is_true = text == ".true." || text == "true" || text == "t";
  const bool is_false = text == ".false." || text == "false" || text == "f";
  if (is_quoted(value) || (!is_true && !is_false))
    return wrong_type("a logical value", "write .true. or .false.");
  target = is_true;
  return std::nullopt;
}

std::optional<ValueFault> convert(const NamelistValue& value, std::string& target) {
  try {
    static_cast<void>(nlohmann::json(value.text).dump());
  } catch (const nlohmann::json::exception&) {
    return ValueFault{"text that is not UTF-8", "checkpoints and data files hold it as UTF-8",
                      "save the namelist as UTF-8, for instance with 'iconv -f latin1 -t utf-8'"};
  }
  if (!is_quoted(value)) return ValueFault{"text without quotes", "", "put quotes around it"};
  target = value.text;
  return std::nullopt;
}

std::optional<ValueFault> check(std::int64_t value, const OptionNotes& notes) {
  if (!notes.range.contains(static_cast<double>(value))) return out_of_range(notes.range);
  if (notes.form == Form::odd && value % 2 == 0)
    return ValueFault{"even number", "a window has a middle", "write an odd number"};
  return std::nullopt;
}

std::optional<ValueFault> check(double value, const OptionNotes& notes) {
  if (!notes.range.contains(value)) return out_of_range(notes.range);
  return std::nullopt;
}

std::optional<ValueFault> check(bool /*value*/, const OptionNotes& /*notes*/) {
  return std::nullopt;
}

std::optional<ValueFault> check(const std::string& value, const OptionNotes& notes) {
  if (value.find_first_of("\n\r") != std::string::npos)
    return ValueFault{"line end inside a text", "", "write it on one line"};
  if (!notes.choices.empty() &&
      std::find(notes.choices.begin(), notes.choices.end(), value) == notes.choices.end()) {
    const auto nearest = nearest_name(value, notes.choices);
    return ValueFault{"not a choice", nearest ? fmt::format("did you mean '{}'?", *nearest) : "",
                      fmt::format("choices: '{}'", fmt::join(notes.choices, "', '"))};
  }
  if (notes.form == Form::filled && value.find_first_not_of(' ') == std::string::npos)
    return ValueFault{"empty text", "", "write a name"};
  static const std::regex month(R"(\d{4}-(0[1-9]|1[0-2]))");
  if (notes.form == Form::month && !value.empty() && !std::regex_match(value, month))
    return ValueFault{"not a month", "", "write it as '1990-01'"};
  return std::nullopt;
}

std::string text_of(const OptionValue& value) {
  return std::visit(ValueText{}, value);
}

std::string type_name(const OptionValue& value) {
  static const std::vector<std::string> names{"integer",  "real",  "logical", "text",
                                              "integers", "reals", "texts"};
  return names.at(value.index());
}

std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& names) {
  const std::string lower = lower_case(name);
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(2, lower.size() / 3) + 1;
  for (const std::string& candidate : names) {
    const std::size_t distance = edit_distance(lower, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace hindscale
