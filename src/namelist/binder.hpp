// SPDX-License-Identifier: Apache-2.0
// Values of one option -> its typed member: types, bounds, ranges.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {

inline constexpr std::int64_t max_index =
    100000;  // of a list: far beyond any list, well below memory

/// One assignment to an option and where it came from.
struct Assignment {
  const NamelistEntry* entry;
  std::string file;
};

/// Sets one option from its assignments, in their order.
class Binder {
 public:
  Binder(const OptionRow& row, Problems& problems) : row_(row), problems_(problems) {}

  void bind(const std::vector<Assignment>& assignments) {
    std::visit([&](auto* member) { bind_member(*member, assignments); }, row_.target);
  }

 private:
  template <class T>
  void bind_member(T& member, const std::vector<Assignment>& assignments) {
    for (const Assignment& assignment : assignments) {
      const auto& values = assignment.entry->values;
      if (assignment.entry->range)
        report(assignment, assignment.entry->line,
               {.problem = "index on a single value", .advice = "leave the index out"});
      else if (values.size() > 1)
        report(assignment, values[1].line,
               {.problem = "more than one value",
                .value = values[1].text,
                .advice = "the decimal mark is a point, and texts with blanks need quotes"});
      else if (!values.empty())
        take(assignment, values.front(), member);
    }
  }

  template <class T>
  void bind_member(std::vector<T>& member, const std::vector<Assignment>& assignments) {
    std::vector<std::optional<T>> elements(member.begin(), member.end());
    bool ok = true;
    for (const Assignment& assignment : assignments)
      ok = (assignment.entry->range ? put_elements(assignment, elements)
                                    : replace_all(assignment, elements)) &&
           ok;
    if (!ok || !is_complete(assignments.back(), elements)) return;
    member.clear();
    for (const auto& element : elements) member.push_back(*element);
  }

  // "key = a, , c": the list has as many elements as there are values; an empty one keeps the
  // default's.
  template <class T>
  bool replace_all(const Assignment& assignment, std::vector<std::optional<T>>& elements) {
    const auto& values = assignment.entry->values;
    if (row_.notes.length > 0 && values.size() != row_.notes.length) {
      report(assignment, assignment.entry->line,
             {.problem = "wrong number of values",
              .value = fmt::format("{}", values.size()),
              .advice = fmt::format("write {}", row_.notes.length)});
      return false;
    }
    elements.resize(values.size());
    bool ok = true;
    for (std::size_t i = 0; i < values.size(); ++i)
      ok = take_element(assignment, values[i], elements[i]) && ok;
    return ok;
  }

  // "key(2:4) = a, b": only the elements that get a value change.
  template <class T>
  bool put_elements(const Assignment& assignment, std::vector<std::optional<T>>& elements) {
    const IndexRange& range = *assignment.entry->range;
    std::int64_t index = range.start;
    bool ok = true;
    for (const NamelistValue& value : assignment.entry->values) {
      if (range.stop && index > *range.stop)
        return refuse_index(assignment, index, fmt::format("{}:{}", range.start, *range.stop));
      const std::int64_t last =
          row_.notes.length > 0 ? static_cast<std::int64_t>(row_.notes.length) : max_index;
      if (index < 1 || index > last)
        return refuse_index(assignment, index, fmt::format("1:{}", last));
      if (elements.size() < static_cast<std::size_t>(index))
        elements.resize(static_cast<std::size_t>(index));
      if (!indices_[assignment.file].insert(index).second) {
        report(assignment, value.line,
               {.problem = "element set twice",
                .value = fmt::format("({})", index),
                .advice = "keep one"});
        ok = false;
      }
      ok = take_element(assignment, value, elements[static_cast<std::size_t>(index - 1)]) && ok;
      index += range.stride;
    }
    return ok;
  }

  bool refuse_index(const Assignment& assignment, std::int64_t index, const std::string& bounds) {
    report(assignment, assignment.entry->line,
           {.problem = "value beyond the bounds",
            .value = fmt::format("({})", index),
            .advice = "bounds: " + bounds});
    return false;
  }

  template <class T>
  bool is_complete(const Assignment& last, const std::vector<std::optional<T>>& elements) {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (elements[i]) continue;
      report(last, last.entry->line,
             {.problem = "element without a value",
              .value = fmt::format("({})", i + 1),
              .advice = "set it; there is no default to keep"});
      return false;
    }
    return true;
  }

  template <class T>
  bool take_element(const Assignment& assignment, const NamelistValue& value,
                    std::optional<T>& element) {
    T converted{};
    if (value.kind == NamelistValue::Kind::null) return true;
    if (!take(assignment, value, converted)) return false;
    element = converted;
    return true;
  }

  // Converts and checks one value; a null leaves the target as it is.
  template <class T>
  bool take(const Assignment& assignment, const NamelistValue& value, T& target) {
    if (value.kind == NamelistValue::Kind::null) return true;
    T converted{};
    auto fault = convert(value, converted);
    if (!fault) fault = check(converted, row_.notes);
    if (fault) {
      report(assignment, value.line,
             {.problem = fault->problem,
              .value = value.text,
              .why = fault->why,
              .advice = fault->advice});
      return false;
    }
    target = converted;
    return true;
  }

  void report(const Assignment& assignment, int line, ErrorFacts facts) {
    facts.file = assignment.file;
    facts.line = line;
    facts.key = row_.name();
    problems_.add(std::move(facts));
  }

  const OptionRow& row_;
  Problems& problems_;
  std::map<std::string, std::set<std::int64_t>> indices_;  // by file: elements set so far
};

}  // namespace hindscale
