// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/option_table.hpp"

#include <algorithm>

namespace hindscale {

OptionValue OptionRow::value() const {
  return std::visit([](const auto* member) { return OptionValue(*member); }, target);
}

void OptionRow::assign(const OptionValue& value) const {
  std::visit([&]<class T>(T* member) { *member = std::get<T>(value); }, target);
}

const OptionRow* OptionTable::find(std::string_view group_key) const {
  const auto found = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const OptionRow& row) { return row.name() == group_key; });
  return found == rows_.end() ? nullptr : &*found;
}

bool OptionTable::has_group(std::string_view group_name) const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [&](const auto& group) { return group.first == group_name; });
}

std::vector<std::string> OptionTable::keys_of(std::string_view group_name) const {
  std::vector<std::string> keys;
  for (const OptionRow& row : rows_)
    if (row.group == group_name) keys.push_back(row.key);
  return keys;
}

}  // namespace hindscale
