// SPDX-License-Identifier: Apache-2.0
#include "evaluate_others.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "evaluate_fields.hpp"

namespace hindscale {
namespace {

InputError refusal(const Options& options, const std::string& entry, const std::string& why,
                   const std::string& advice) {
  ErrorFacts facts = options.at("evaluation/others");
  facts.problem = "no reconstruction to score beside the other";
  facts.value = entry;
  facts.why = why;
  facts.advice = advice;
  return InputError(facts);
}

bool is_plain(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

std::set<std::string> names_in_use() {
  std::set<std::string> names{"truth", "member", "ensemble"};
  for (const Baseline kind : all_baselines) names.insert(name_of(kind));
  return names;
}

}  // namespace

std::vector<NamedFolder> named_others(const Options& options) {
  std::set<std::string> taken = names_in_use();
  std::vector<NamedFolder> others;
  for (const std::string& entry : options.evaluation.others) {
    const std::size_t sign = entry.find('=');
    if (sign == 0 || sign == std::string::npos || sign + 1 == entry.size())
      throw refusal(options, entry, "it names no method and folder",
                    "write 'name=folder', as 'regression=runs/mine/regression_fields'");
    NamedFolder other{entry.substr(0, sign), entry.substr(sign + 1)};
    if (!std::ranges::all_of(other.name, is_plain))
      throw refusal(options, entry, "a name is made of letters, digits and '_'",
                    "choose another name");
    if (!taken.insert(other.name).second)
      throw refusal(options, entry, "another method has that name", "choose another name");
    others.push_back(std::move(other));
  }
  return others;
}

std::vector<OtherArchive> open_others(const Options& options, const StoreContent& content,
                                      const std::vector<std::size_t>& positions) {
  std::vector<OtherArchive> others;
  for (const NamedFolder& named : named_others(options)) {
    others.push_back({named.name, MemberArchive(named.folder, content)});
    const std::vector<std::size_t>& held = others.back().archive.positions();
    for (const std::size_t position : positions)
      if (!std::ranges::binary_search(held, position))
        throw refusal(options, named.name + "=" + named.folder,
                      content.months[position].to_string() + " is not in it",
                      "reconstruct the same months with each method");
  }
  return others;
}

}  // namespace hindscale
