// SPDX-License-Identifier: Apache-2.0
// The effective namelist and the printed reference, both from the declarations.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {
namespace {

bool is_number(const OptionRow& row) {
  const std::string type = type_name(row.default_value);
  return type.starts_with("integer") || type.starts_with("real");
}

std::string default_of(const OptionRow& row) {
  if (row.notes.is_required) return "required";
  if (!row.notes.default_text.empty()) return row.notes.default_text;
  const std::string text = text_of(row.default_value);
  return text.empty() || text == "''" ? "none" : text;
}

std::string allowed_by(const OptionRow& row) {
  std::vector<std::string> parts;
  if (const std::string range = text_of(row.notes.range); !range.empty()) parts.push_back(range);
  if (!row.notes.choices.empty())
    parts.push_back(fmt::format("'{}'", fmt::join(row.notes.choices, "', '")));
  if (row.notes.length > 0) parts.push_back(fmt::format("{} values", row.notes.length));
  if (row.notes.form == Form::odd) parts.emplace_back("odd");
  if (row.notes.form == Form::month) parts.emplace_back("'YYYY-MM'");
  if (row.notes.form == Form::filled) parts.emplace_back("not empty");
  return fmt::format("{}", fmt::join(parts, "; "));
}

// A bar would end the cell of a markdown table.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? "\\|" : std::string(1, c);
  return escaped;
}

}  // namespace

std::string print_namelist(const OptionTable& table) {
  std::string text;
  for (const auto& [group, meaning] : table.groups()) {
    text += fmt::format("&{}\n", group);
    for (const OptionRow& row : table.rows()) {
      if (row.group != group) continue;
      const OptionValue value = row.value();
      const std::string written = text_of(value);
      const bool is_unset_real = written.empty() && std::holds_alternative<double>(value);
      text += is_unset_real ? fmt::format("  ! {} is unset\n", row.key)
                            : fmt::format("  {} = {}\n", row.key, written);
    }
    text += "/\n\n";
  }
  text.pop_back();
  return text;
}

void print_reference(const OptionTable& table, std::ostream& out) {
  for (const auto& [group, meaning] : table.groups()) {
    out << fmt::format("## &{}: {}\n\n", group, meaning);
    out << "| key | type | default | unit | allowed | meaning |\n|---|---|---|---|---|---|\n";
    for (const OptionRow& row : table.rows()) {
      if (row.group != group) continue;
      out << fmt::format("| `{}`{} | {} | {} | {} | {} | {} |\n", row.key,
                         row.notes.determines_values ? " *" : "", type_name(row.default_value),
                         cell(default_of(row)), is_number(row) ? row.notes.unit : "",
                         cell(allowed_by(row)), cell(row.notes.meaning));
    }
    out << "\n";
  }
  out << "A list is replaced whole by `key = a, b`, emptied by `key =`, and changed in one place "
         "by "
         "`key(2) = b`.\n\n";
  out << "\\* The values of a reconstruction depend on it: its data files record it, and an "
         "archive is only continued with the same.\n";
}

}  // namespace hindscale
