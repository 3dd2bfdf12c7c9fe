// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/parser.hpp"

#include <fmt/format.h>

#include <cctype>
#include <utility>

#include "hindscale/namelist/values.hpp"
#include "scanner.hpp"

namespace hindscale {
namespace {

bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}
bool is_group_mark(char c) {
  return c == '&' || c == '$';
}

/// The file's grammar, group by group.
class Parser {
 public:
  Parser(std::string_view text, const std::string& file, Problems& problems)
      : scanner_(text, file, Scanner::Source::file, problems) {
    result_.file = file;
  }

  ParsedNamelist run() {
    while (true) {
      scanner_.skip_blanks();
      if (scanner_.at_end()) return std::move(result_);
      if (is_group_mark(scanner_.peek()) && is_letter(scanner_.peek(1)))
        take_group();
      else
        take_stray_text();
    }
  }

 private:
  // Fortran ignores what stands between groups; an assignment there would be lost unseen.
  void take_stray_text() {
    const int line = scanner_.line();
    const std::string text(scanner_.skip_line());
    if (text.find('=') != std::string::npos)
      scanner_.report(
          "", {.problem = "assignment outside a group",
               .value = text,
               .advice = "groups begin with '&name' and end with '/'; quote texts that contain '/'",
               .line = line});
    else
      result_.warnings.push_back(
          fmt::format("{}:{}: ignored text outside a group '{}'", scanner_.file(), line, text));
  }

  void take_group() {
    NamelistGroup group{.line = scanner_.line()};
    scanner_.advance();
    group.name = scanner_.take_name();
    const char next = scanner_.peek();
    if (std::string_view(" \t\r\n!/").find(next) == std::string_view::npos && !scanner_.at_end())
      scanner_.report(group.name, {.problem = "unexpected character after the group's name",
                                   .value = std::string(1, next),
                                   .advice = "put a blank or line end there"});
    while (take_item(group)) {
    }
    result_.groups.push_back(std::move(group));
  }

  // Returns whether the group goes on.
  bool take_item(NamelistGroup& group) {
    scanner_.skip_blanks();
    if (scanner_.at_end()) return close_missing(group);
    const char c = scanner_.peek();
    if (c == '/') {
      scanner_.advance();
      return false;
    }
    if (is_group_mark(c)) return take_end_word(group);
    if (is_letter(c)) {
      take_entry(group);
      return true;
    }
    const int line = scanner_.line();
    const std::string text(scanner_.skip_line());
    scanner_.report(group.name,
                    {.problem = "text where a key is expected",
                     .value = text,
                     .advice = c == '#'   ? "comments begin with '!'"
                               : c == ';' ? "';' does not separate; put each key on its own line"
                                          : "write key = value",
                     .line = line});
    return true;
  }

  bool close_missing(const NamelistGroup& group) {
    scanner_.report(group.name, {.problem = "group is not closed",
                                 .value = group.name,
                                 .advice = "end it with '/'",
                                 .line = group.line});
    return false;
  }

  // "&end" or "$end" closes the group; any other name begins the next one, and this one was left
  // open.
  bool take_end_word(const NamelistGroup& group) {
    const bool is_end =
        lower_case(std::string{scanner_.peek(1), scanner_.peek(2), scanner_.peek(3)}) == "end" &&
        !is_letter(scanner_.peek(4));
    if (!is_end) {
      close_missing(group);
      if (!is_letter(scanner_.peek(1))) scanner_.skip_line();
      return false;
    }
    for (int i = 0; i < 4; ++i) scanner_.advance();
    return false;
  }

  void take_entry(NamelistGroup& group) {
    NamelistEntry entry{.line = scanner_.line()};
    entry.key = scanner_.take_name();
    const std::string name = group.name + "/" + entry.key;
    scanner_.skip_blanks();
    bool ok = true;
    entry.range = scanner_.take_range(name, ok);
    entry.is_broken = !ok || !take_assignment(name, entry);
    group.entries.push_back(std::move(entry));
  }

  bool take_assignment(const std::string& name, NamelistEntry& entry) {
    scanner_.skip_blanks();
    if (scanner_.peek() == '=') {
      scanner_.advance();
      return scanner_.take_values(name, entry.values);
    }
    const bool is_component = scanner_.peek() == '%';
    scanner_.report(name, {.problem = is_component ? "unexpected character" : "key without a value",
                           .value = is_component ? "%" : "",
                           .why = is_component ? "there are no derived types" : "",
                           .advice = "write key = value",
                           .line = entry.line});
    if (scanner_.line() == entry.line) scanner_.skip_line();
    return false;
  }

  Scanner scanner_;
  ParsedNamelist result_;
};

}  // namespace

ParsedNamelist parse_namelist(std::string_view text, const std::string& file, Problems& problems) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return Parser(text, file, problems).run();
}

std::optional<NamelistOverride> parse_override(std::string_view text, Problems& problems) {
  const auto refuse = [&] {
    problems.add({.problem = "unreadable argument",
                  .value = std::string(text),
                  .advice = "write group/key=value",
                  .file = command_line});
    return std::nullopt;
  };
  const std::size_t slash = text.find('/');
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || slash == std::string_view::npos || slash > equals)
    return refuse();
  const std::string file = command_line;
  const std::string_view before = text.substr(slash + 1, equals - slash - 1);
  Scanner scanner(before, file, Scanner::Source::argument, problems);
  NamelistOverride change{.group = lower_case(text.substr(0, slash)),
                          .text = std::string(text.substr(equals + 1))};
  scanner.skip_blanks();
  change.entry.key = scanner.take_name();
  scanner.skip_blanks();
  bool ok = true;
  change.entry.range = scanner.take_range(change.group + "/" + change.entry.key, ok);
  if (!ok) return std::nullopt;
  scanner.skip_blanks();
  if (change.entry.key.empty() || change.group.empty() || !scanner.at_end()) return refuse();
  return change;
}

std::optional<std::vector<NamelistValue>> parse_override_values(const NamelistOverride& change,
                                                                Problems& problems) {
  const std::string file = command_line;
  Scanner scanner(change.text, file, Scanner::Source::argument, problems);
  std::vector<NamelistValue> values;
  if (!scanner.take_values(change.group + "/" + change.entry.key, values)) return std::nullopt;
  return values;
}

}  // namespace hindscale
