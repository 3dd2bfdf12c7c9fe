// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "hindscale/namelist/parser.hpp"

namespace hindscale {
namespace {

ErrorFacts summary_of(const std::vector<ErrorFacts>& problems) {
  HINDSCALE_ASSERT(!problems.empty());
  if (problems.size() == 1) return problems.front();
  std::string text = fmt::format("{} problems in the namelist:", problems.size());
  for (const ErrorFacts& facts : problems) text.append(1, '\n').append(message_of(facts));
  return {.problem = text};
}

}  // namespace

NamelistError::NamelistError(std::vector<ErrorFacts> problems)
    : InputError(summary_of(problems)), problems_(std::move(problems)) {}

void Problems::add(ErrorFacts facts) {
  keys_.insert(facts.key);
  all_.push_back(std::move(facts));
}

void Problems::throw_if_any() const {
  if (all_.empty()) return;
  std::vector<ErrorFacts> sorted = all_;
  const auto place = [](const ErrorFacts& facts) {
    return std::pair(facts.file == command_line, facts.line);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const ErrorFacts& a, const ErrorFacts& b) { return place(a) < place(b); });
  throw NamelistError(std::move(sorted));
}

}  // namespace hindscale
