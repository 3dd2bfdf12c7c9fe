// SPDX-License-Identifier: Apache-2.0
// The declared options as a table, filled from any struct with groups; reader and printers walk
// along it.
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hindscale/namelist/options.hpp"
#include "hindscale/namelist/parser.hpp"

namespace hindscale {

/// The member an option is stored in; never null.
using OptionTarget =
    std::variant<std::int64_t*, double*, bool*, std::string*, std::vector<std::int64_t>*,
                 std::vector<double>*, std::vector<std::string>*>;

/// One option: its declaration and where its value lives.
struct OptionRow {
  std::string group;
  std::string key;
  OptionTarget target;
  OptionValue default_value;
  OptionNotes notes;

  [[nodiscard]] std::string name() const { return group + "/" + key; }
  [[nodiscard]] OptionValue value() const;
  /// Sets the member; `value` must have its type.
  void assign(const OptionValue& value) const;
};

/// Rows of all groups in the order of their declaration. Points into the described structs and must
/// not outlive them.
class OptionTable {
 public:
  OptionTable() = default;
  explicit OptionTable(Options& options) { options.describe(*this); }

  /// The visitor's part: adds the options of a group.
  template <class Struct>
  void group(const char* group_name, Struct& members, const char* meaning) {
    groups_.emplace_back(group_name, meaning);
    members.describe([&]<class T>(const char* key, T& member,
                                  const std::type_identity_t<T>& default_value,
                                  const OptionNotes& notes) {
      rows_.push_back({group_name, key, &member, default_value, notes});
    });
  }

  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& groups() const {
    return groups_;
  }
  [[nodiscard]] const std::vector<OptionRow>& rows() const& { return rows_; }
  /// By value, so that a loop over the rows of a temporary table is safe.
  [[nodiscard]] std::vector<OptionRow> rows() && { return std::move(rows_); }
  /// The row of "group/key"; null where there is none.
  [[nodiscard]] const OptionRow* find(std::string_view group_key) const;
  [[nodiscard]] bool has_group(std::string_view group_name) const;
  [[nodiscard]] std::vector<std::string> keys_of(std::string_view group_name) const;

 private:
  std::vector<std::pair<std::string, std::string>> groups_;  // name, meaning
  std::vector<OptionRow> rows_;
};

/// Sets the members from a parsed file and then from overrides, checks types, ranges, choices,
/// repeated and unknown names and missing required options. Returns where each option was set, by
/// "group/key".
std::map<std::string, Place> read_into(const OptionTable& table, const ParsedNamelist& file,
                                       const std::vector<NamelistOverride>& overrides,
                                       Problems& problems);

/// Every option with its value, as a namelist.
std::string print_namelist(const OptionTable& table);

/// The reference of every group and option, in markdown.
void print_reference(const OptionTable& table, std::ostream& out);

/// Problems between options that are right each for itself (conflicts.cpp). Leaves out what
/// concerns an option that already has a problem.
void check_conflicts(const Options& options, Problems& problems);

}  // namespace hindscale
