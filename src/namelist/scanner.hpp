// SPDX-License-Identifier: Apache-2.0
// Reads names, index ranges and values at a position of a namelist text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hindscale/namelist/parser.hpp"

namespace hindscale {

/// A position in a text and the problems met there. Looks at the text, file name and problems it
/// was given.
class Scanner {
 public:
  /// Where the text comes from decides which characters may stand in a bare value.
  enum class Source { file, argument };
  enum class Crossed { nothing, line_end };

  Scanner(std::string_view text, const std::string& file, Source source, Problems& problems)
      : text_(text), file_(file), source_(source), problems_(problems) {}

  [[nodiscard]] bool at_end() const { return i_ >= text_.size(); }
  /// The character `ahead` of the position; '\0' beyond the end.
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return i_ + ahead < text_.size() ? text_[i_ + ahead] : '\0';
  }
  [[nodiscard]] int line() const { return source_ == Source::file ? line_ : 0; }
  [[nodiscard]] const std::string& file() const { return file_; }

  void advance();
  /// Skips white space and comments.
  Crossed skip_blanks();
  /// The rest of the line, which is skipped.
  std::string_view skip_line();
  /// The letters, digits and underscores at the position, in lower case.
  std::string take_name();
  /// "(start:stop:stride)" where one begins here. Nothing and `ok` false, with a problem added,
  /// where it is wrong.
  std::optional<IndexRange> take_range(const std::string& key, bool& ok);
  /// Values up to the next key or the group's end. False, with problems added, where they cannot
  /// all be read.
  bool take_values(const std::string& key, std::vector<NamelistValue>& values);

  /// Adds a problem of `key` ("group/key" or a group) at the present line.
  void report(const std::string& key, ErrorFacts facts);

 private:
  [[nodiscard]] bool is_key_here() const;
  [[nodiscard]] bool is_list_end() const;
  [[nodiscard]] bool ends_bare(char c) const;
  bool take_value(const std::string& key, std::vector<NamelistValue>& values);
  bool take_one(const std::string& key, NamelistValue& value);
  bool take_quoted(const std::string& key, NamelistValue& value);
  bool take_repeat(const std::string& key, std::size_t& n_repeats);
  bool refuse_odd_character(const std::string& key);
  bool refuse_line(const std::string& key, ErrorFacts facts);

  std::string_view text_;
  const std::string& file_;
  Source source_;
  Problems& problems_;
  std::size_t i_ = 0;
  int line_ = 1;
};

}  // namespace hindscale
