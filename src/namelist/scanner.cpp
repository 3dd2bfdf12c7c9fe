// SPDX-License-Identifier: Apache-2.0
#include "scanner.hpp"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

#include "hindscale/namelist/values.hpp"

namespace hindscale {
namespace {

constexpr std::size_t max_values = 100000;  // of one key: far beyond any list, well below memory

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_name(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  std::int64_t number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

void Scanner::advance() {
  if (at_end()) return;
  if (text_[i_] == '\n') ++line_;
  ++i_;
}

Scanner::Crossed Scanner::skip_blanks() {
  Crossed crossed = Crossed::nothing;
  while (!at_end()) {
    if (peek() == '!' && source_ == Source::file) skip_line();
    if (!is_space(peek()) || at_end()) break;
    if (peek() == '\n') crossed = Crossed::line_end;
    advance();
  }
  return crossed;
}

std::string_view Scanner::skip_line() {
  const std::size_t start = i_;
  while (!at_end() && peek() != '\n') advance();
  std::string_view skipped = text_.substr(start, i_ - start);
  while (!skipped.empty() && is_space(skipped.back())) skipped.remove_suffix(1);
  return skipped;
}

std::string Scanner::take_name() {
  const std::size_t start = i_;
  while (is_name(peek())) advance();
  return lower_case(text_.substr(start, i_ - start));
}

void Scanner::report(const std::string& key, ErrorFacts facts) {
  facts.file = file_;
  if (facts.line == 0) facts.line = line();
  facts.key = key;
  problems_.add(std::move(facts));
}

bool Scanner::refuse_line(const std::string& key, ErrorFacts facts) {
  report(key, std::move(facts));
  skip_line();
  return false;
}

std::optional<IndexRange> Scanner::take_range(const std::string& key, bool& ok) {
  ok = true;
  if (peek() != '(') return std::nullopt;
  const std::size_t close = text_.find_first_of(")\n", i_);
  const bool is_closed = close != std::string_view::npos && text_[close] == ')';
  const std::string inside(is_closed ? text_.substr(i_ + 1, close - i_ - 1) : "");
  std::vector<std::string> parts(1);
  for (const char c : inside) {
    if (c == ':')
      parts.emplace_back();
    else if (!is_space(c))
      parts.back() += c;
  }
  IndexRange range;
  ok = is_closed && parts.size() <= 3;
  const auto take = [&](std::size_t i, bool may_be_empty) -> std::optional<std::int64_t> {
    if (i >= parts.size() || (parts[i].empty() && may_be_empty)) return std::nullopt;
    const auto number = integer_of(parts[i]);
    ok = ok && number.has_value();
    return number;
  };
  range.start = take(0, parts.size() > 1).value_or(1);
  range.stop = parts.size() == 1 ? range.start : take(1, true);
  range.stride = take(2, false).value_or(1);
  ok = ok && range.stride >= 1;
  if (!ok) {
    refuse_line(key, {.problem = "unreadable index",
                      .value = is_closed ? "(" + inside + ")" : "(",
                      .advice = "write (i), (first:last) or (first:last:stride), counted from 1"});
    return std::nullopt;
  }
  while (i_ <= close) advance();
  return range;
}

bool Scanner::is_key_here() const {
  if (source_ == Source::argument || !is_letter(peek())) return false;
  std::size_t ahead = 0;
  const auto skip_spaces = [&] {
    while (is_space(peek(ahead))) ++ahead;
  };
  while (is_name(peek(ahead))) ++ahead;
  skip_spaces();
  if (peek(ahead) == '(') {
    while (peek(ahead) != ')' && peek(ahead) != '\n' && peek(ahead) != '\0') ++ahead;
    if (peek(ahead) == ')') ++ahead;
    skip_spaces();
  }
  return peek(ahead) == '=' || peek(ahead) == '%';
}

bool Scanner::is_list_end() const {
  if (at_end()) return true;
  return source_ == Source::file &&
         (peek() == '/' || peek() == '&' || peek() == '$' || is_key_here());
}

bool Scanner::ends_bare(char c) const {
  if (c == '\0' || is_space(c) || c == ',') return true;
  return source_ == Source::file && std::string_view("/!;=&$'\"").find(c) != std::string_view::npos;
}

bool Scanner::refuse_odd_character(const std::string& key) {
  if (source_ == Source::argument) return true;
  if (peek() == '#')
    return refuse_line(
        key,
        {.problem = "unexpected character", .value = "#", .advice = "comments begin with '!'"});
  if (peek() == ';')
    return refuse_line(key, {.problem = "unexpected character",
                             .value = ";",
                             .advice = "separate values by commas or blanks, keys by line ends"});
  if (peek() == '=')
    return refuse_line(key, {.problem = "unexpected character",
                             .value = "=",
                             .why = "what stands before it is not a name",
                             .advice = "a name begins with a letter"});
  return true;
}

bool Scanner::take_values(const std::string& key, std::vector<NamelistValue>& values) {
  bool is_pending = true;  // nothing stands yet behind the last '=' or ','
  while (true) {
    const Crossed crossed = skip_blanks();
    if (is_list_end()) return true;
    if (peek() == ',') {
      if (crossed == Crossed::line_end)
        return refuse_line(key, {.problem = "line begins with a comma",
                                 .why = "Fortran reads an empty value there",
                                 .advice = "put the comma at the end of the line before"});
      if (is_pending) values.push_back({.line = line()});
      is_pending = true;
      advance();
    } else {
      if (!refuse_odd_character(key) || !take_value(key, values)) return false;
      is_pending = false;
    }
  }
}

bool Scanner::take_value(const std::string& key, std::vector<NamelistValue>& values) {
  std::size_t n_repeats = 1;
  const std::size_t start = i_;
  if (!take_repeat(key, n_repeats)) return false;
  NamelistValue value{.line = line()};
  const bool is_null = i_ > start && ends_bare(peek()) && peek() != '\'' && peek() != '"';
  if (!is_null && !take_one(key, value)) return false;
  if (values.size() + n_repeats > max_values)
    return refuse_line(
        key, {.problem = "too many values", .why = fmt::format("more than {}", max_values)});
  values.insert(values.end(), n_repeats, value);
  return true;
}

bool Scanner::take_repeat(const std::string& key, std::size_t& n_repeats) {
  std::size_t n_digits = 0;
  while (is_digit(peek(n_digits))) ++n_digits;
  if (n_digits == 0 || peek(n_digits) != '*') return true;
  const std::string digits(text_.substr(i_, n_digits));
  const auto count = integer_of(digits);
  if (!count || *count < 1 || *count > static_cast<std::int64_t>(max_values))
    return refuse_line(key, {.problem = "impossible repeat count",
                             .value = digits + "*",
                             .advice = fmt::format("repeat 1 to {} times", max_values)});
  for (std::size_t i = 0; i <= n_digits; ++i) advance();
  n_repeats = static_cast<std::size_t>(*count);
  std::size_t n_inner = 0;
  while (is_digit(peek(n_inner))) ++n_inner;
  if (peek(n_inner) == '*')
    return refuse_line(key, {.problem = "repeat of a repeat",
                             .value = digits + "*" + std::string(text_.substr(i_, n_inner + 1)),
                             .advice = "write the product of the counts"});
  return true;
}

bool Scanner::take_one(const std::string& key, NamelistValue& value) {
  if (peek() == '\'' || peek() == '"') {
    if (!take_quoted(key, value)) return false;
  } else {
    value.kind = NamelistValue::Kind::bare;
    while (!ends_bare(peek())) {
      value.text += peek();
      advance();
    }
  }
  const char next = peek();
  const bool is_separated =
      at_end() || is_space(next) || next == ',' ||
      (source_ == Source::file && std::string_view("/!;=").find(next) != std::string_view::npos);
  if (!is_separated)
    return refuse_line(
        key, {.problem = "missing separator after",
              .value = value.text,
              .advice = "put a comma between two values and double a quote inside a text"});
  return true;
}

bool Scanner::take_quoted(const std::string& key, NamelistValue& value) {
  const char quote = peek();
  value.kind = NamelistValue::Kind::quoted;
  for (advance(); !at_end() && peek() != '\n'; advance()) {
    if (peek() != quote) {
      value.text += peek();
    } else if (peek(1) == quote) {
      value.text += quote;
      advance();
    } else {
      advance();
      return true;
    }
  }
  return refuse_line(key, {.problem = "text without its closing quote",
                           .value = value.text,
                           .why = "a text ends on the line where it begins",
                           .line = value.line});
}

}  // namespace hindscale
