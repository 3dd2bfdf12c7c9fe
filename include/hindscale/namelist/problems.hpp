// SPDX-License-Identifier: Apache-2.0
// All problems of a namelist, collected and reported together.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {

/// Every problem of a namelist in one error: the message has a line for each, `facts` are those of
/// the only one or hold the whole text.
class NamelistError : public InputError {
 public:
  /// `problems` must not be empty.
  explicit NamelistError(std::vector<ErrorFacts> problems);
  [[nodiscard]] const std::vector<ErrorFacts>& problems() const { return problems_; }

 private:
  std::vector<ErrorFacts> problems_;
};

/// The problems found so far.
class Problems {
 public:
  void add(ErrorFacts facts);
  [[nodiscard]] const std::vector<ErrorFacts>& all() const { return all_; }
  /// Whether "group/key" already has a problem, so that others that follow from it can be left out.
  [[nodiscard]] bool concern(const std::string& group_key) const {
    return keys_.contains(group_key);
  }
  /// NamelistError where there are any: in order of lines, those of the command line last.
  void throw_if_any() const;

 private:
  std::vector<ErrorFacts> all_;
  std::set<std::string> keys_;
};

}  // namespace hindscale
