// SPDX-License-Identifier: Apache-2.0
// Which option each entry of file and command line belongs to.
#include <fmt/format.h>

#include <deque>
#include <set>
#include <utility>

#include "binder.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {
namespace {

/// Sorts the entries of file and command line by option.
class Reader {
 public:
  Reader(const OptionTable& table, Problems& problems) : table_(table), problems_(problems) {}

  void add_file(const ParsedNamelist& file) {
    file_ = file.file;
    std::map<std::string, int> first_lines;
    for (const NamelistGroup& group : file.groups) {
      const auto [first, is_new] = first_lines.emplace(group.name, group.line);
      const Place place{file.file, group.line};
      if (!table_.has_group(group.name)) {
        refuse_group(group.name, group.name, place);
      } else if (!is_new) {
        report(group.name, place,
               {.problem = "repeated group",
                .value = group.name,
                .why = fmt::format("first in line {}", first->second),
                .advice = "merge the two"});
      } else {
        for (const NamelistEntry& entry : group.entries) add_entry(group.name, entry, file.file);
      }
    }
  }

  void add_override(const NamelistOverride& change) {
    if (!table_.has_group(change.group)) {
      refuse_group(change.group, change.group + "/" + change.entry.key, {command_line, 0});
      return;
    }
    const OptionRow* row = table_.find(change.group + "/" + change.entry.key);
    NamelistEntry& entry = owned_.emplace_back(change.entry);
    if (row != nullptr) take_values(change, *row, entry);
    add_entry(change.group, entry, command_line);
  }

  std::map<std::string, Place> bind() {
    for (const OptionRow& row : table_.rows()) {
      const auto found = assignments_.find(row.name());
      if (found != assignments_.end())
        Binder(row, problems_).bind(found->second);
      else if (row.notes.is_required && !places_.contains(row.name()))
        report(row.name(), {file_, 0},
               {.problem = "required option is not set",
                .why = row.notes.meaning,
                .advice = "set it"});
    }
    return places_;
  }

 private:
  // A text needs no quotes on the command line: where it has none, all of it is the value.
  void take_values(const NamelistOverride& change, const OptionRow& row, NamelistEntry& entry) {
    const bool is_text = std::holds_alternative<std::string*>(row.target);
    const std::size_t first = change.text.find_first_not_of(" \t");
    const bool has_quote =
        first != std::string::npos && (change.text[first] == '\'' || change.text[first] == '"');
    if (is_text && !has_quote) {
      entry.values = {{.text = change.text, .kind = NamelistValue::Kind::quoted}};
      return;
    }
    auto values = parse_override_values(change, problems_);
    entry.is_broken = !values.has_value();
    entry.values = values.value_or(std::vector<NamelistValue>{});
    if (!std::holds_alternative<std::vector<std::string>*>(row.target)) return;
    for (NamelistValue& value : entry.values)
      if (value.kind == NamelistValue::Kind::bare) value.kind = NamelistValue::Kind::quoted;
  }

  void add_entry(const std::string& group, const NamelistEntry& entry, const std::string& file) {
    const std::string name = group + "/" + entry.key;
    const Place place{file, entry.line};
    if (table_.find(name) == nullptr) {
      refuse_key(group, entry.key, place);
      return;
    }
    const auto earlier = places_.find(name);
    const bool is_repeated = earlier != places_.end() && earlier->second.file == file;
    if (is_repeated && (!entry.range || whole_.contains({file, name}))) {
      report(name, place,
             {.problem = "repeated key",
              .why = place.line > 0 ? fmt::format("first in line {}", earlier->second.line) : "",
              .advice = "keep one"});
      return;
    }
    if (!entry.range) whole_.emplace(file, name);
    places_[name] = place;
    if (!entry.is_broken) assignments_[name].push_back({&entry, file});
  }

  void refuse_group(const std::string& group, const std::string& key, const Place& place) {
    std::vector<std::string> names;
    for (const auto& [name, meaning] : table_.groups()) names.push_back(name);
    refuse_name("unknown group", group, names, key, place);
  }

  void refuse_key(const std::string& group, const std::string& key, const Place& place) {
    for (const auto& [other, meaning] : table_.groups()) {
      if (table_.find(other + "/" + key) == nullptr) continue;
      report(group + "/" + key, place,
             {.problem = "unknown key",
              .value = key,
              .why = fmt::format("it belongs to &{}", other),
              .advice = "move it there"});
      return;
    }
    refuse_name("unknown key", key, table_.keys_of(group), group + "/" + key, place);
  }

  void refuse_name(const std::string& problem, const std::string& name,
                   const std::vector<std::string>& names, const std::string& key,
                   const Place& place) {
    const auto nearest = nearest_name(name, names);
    report(key, place,
           {.problem = problem,
            .value = name,
            .why = nearest ? fmt::format("did you mean '{}'?", *nearest) : "",
            .advice = "'hindscale describe' lists all groups and keys"});
  }

  void report(const std::string& key, const Place& place, ErrorFacts facts) {
    facts.file = place.file;
    facts.line = place.line;
    facts.key = key;
    problems_.add(std::move(facts));
  }

  const OptionTable& table_;
  Problems& problems_;
  std::string file_;
  std::deque<NamelistEntry> owned_;  // entries of the command line; references stay valid
  std::map<std::string, std::vector<Assignment>> assignments_;
  std::map<std::string, Place> places_;
  std::set<std::pair<std::string, std::string>> whole_;  // file, name: assigned without an index
};

}  // namespace

std::map<std::string, Place> read_into(const OptionTable& table, const ParsedNamelist& file,
                                       const std::vector<NamelistOverride>& overrides,
                                       Problems& problems) {
  Reader reader(table, problems);
  reader.add_file(file);
  for (const NamelistOverride& change : overrides) reader.add_override(change);
  return reader.bind();
}

}  // namespace hindscale
