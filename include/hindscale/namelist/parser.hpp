// SPDX-License-Identifier: Apache-2.0
// Fortran namelist text -> groups, keys and values; types come later, from the options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hindscale/namelist/problems.hpp"

namespace hindscale {

/// One value of a key, repeats expanded.
struct NamelistValue {
  enum class Kind { quoted, bare, null };
  std::string text{};  ///< without its quotes, doubled quotes single
  Kind kind = Kind::null;
  int line = 0;
};

/// "(start:stop:stride)" behind a key, counted from 1.
struct IndexRange {
  std::int64_t start = 1;
  std::optional<std::int64_t> stop{};  ///< inclusive; none: "(2:)"
  std::int64_t stride = 1;
};

/// "key(range) = values".
struct NamelistEntry {
  std::string key{};  ///< lower case
  std::optional<IndexRange> range{};
  int line = 0;
  std::vector<NamelistValue> values{};
  bool is_broken = false;  ///< a problem was reported; its values are not all there
};

struct NamelistGroup {
  std::string name{};  ///< lower case
  int line = 0;
  std::vector<NamelistEntry> entries{};
};

struct ParsedNamelist {
  std::string file{};  ///< as it appears in messages
  std::vector<NamelistGroup> groups{};
  std::vector<std::string> warnings{};
};

/// "group/key(range)=text" of the command line; the text is read when the type of its target is
/// known.
struct NamelistOverride {
  std::string group{};
  NamelistEntry entry{};
  std::string text{};
};

/// The file name in messages about overrides.
inline constexpr const char* command_line = "command line";

/// Groups `&name ... /` (also `$name ... $end`, `&end`) of a text, after the grammar of Fortran
/// 2018, 13.11. Stricter than Fortran where that hides mistakes: an error for `#`, `;`, a line that
/// begins with a comma, strings over several lines, assignments outside a group. Repeated keys and
/// groups are left to the reader.
ParsedNamelist parse_namelist(std::string_view text, const std::string& file, Problems& problems);

/// Splits an override; nothing, with a problem added, where it is not of the form "group/key=text".
std::optional<NamelistOverride> parse_override(std::string_view text, Problems& problems);

/// The values of an override by the grammar of the file, except that a text needs no quotes: `/`,
/// `!`, `;`, `#`, `=` and
/// `&` are ordinary characters there. Nothing, with a problem added, where they cannot be read.
std::optional<std::vector<NamelistValue>> parse_override_values(const NamelistOverride& change,
                                                                Problems& problems);

}  // namespace hindscale
