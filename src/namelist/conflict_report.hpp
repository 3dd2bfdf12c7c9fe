// SPDX-License-Identifier: Apache-2.0
// How conflicts between options are reported.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "hindscale/namelist/options.hpp"
#include "hindscale/namelist/problems.hpp"

namespace hindscale {

/// Reports conflicts at the place of the option that is to blame.
class ConflictReport {
 public:
  ConflictReport(const Options& options, Problems& problems)
      : options_(options), problems_(problems) {}

  /// A conflict of `key` with `others`; left out where one of them already has a problem.
  void add(const std::string& key, const std::vector<std::string>& others, const std::string& why,
           const std::string& advice) {
    const bool follows = problems_.concern(key) ||
                         std::any_of(others.begin(), others.end(),
                                     [&](const auto& other) { return problems_.concern(other); });
    if (follows) return;
    const std::string& to_blame = set_one_of(key, others);
    ErrorFacts facts = options_.at(key);
    const ErrorFacts place = options_.at(to_blame);
    facts.file = place.file;
    facts.line = place.line;
    facts.problem = facts.value.empty() ? "conflicting options" : "conflicting value";
    facts.why = why;
    facts.advice = advice;
    problems_.add(std::move(facts));
  }

 private:
  // Where `key` has its default and another was set, that one's line is the one to look at.
  [[nodiscard]] const std::string& set_one_of(const std::string& key,
                                              const std::vector<std::string>& others) const {
    if (options_.is_set(key)) return key;
    const auto found = std::find_if(others.begin(), others.end(),
                                    [&](const auto& other) { return options_.is_set(other); });
    return found == others.end() ? key : *found;
  }

  const Options& options_;
  Problems& problems_;
};

/// Whether an option has another value than its default.
bool is_changed(const Options& options, const std::string& key);

/// Conflicts of &model, &training and &gan.
void check_networks(const Options& options, ConflictReport& report);

/// Conflicts of &sampling.
void check_sampling(const Options& options, ConflictReport& report);

}  // namespace hindscale
