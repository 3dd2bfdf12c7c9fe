// SPDX-License-Identifier: Apache-2.0
// A small group of options of every type, and helpers to read it and to look at what is reported.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "hindscale/namelist/option_table.hpp"

namespace hindscale::test {

/// The group g of reference/namelist/reader.f90: integers i(6), real x, logical l, text s.
struct Sample {
  std::vector<std::int64_t> i;
  double x;
  bool l;
  std::string s;

  Sample() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("i", i, {-1, -1, -1, -1, -1, -1}, {.length = 6});
    visit("x", x, -1.0, {});
    visit("l", l, false, {});
    visit("s", s, "-", {});
  }
};

/// Reads a text into `group` named g; the problems are added.
template <class Group>
void read_group(Group& group, const std::string& text, Problems& problems) {
  OptionTable table;
  table.group("g", group, "sample");
  read_into(table, parse_namelist(text, "test.nml", problems), {}, problems);
}

/// The problems of an action that must throw NamelistError.
inline std::vector<ErrorFacts> problems_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const NamelistError& error) {
    return error.problems();
  }
  ADD_FAILURE() << "no problem was reported";
  return {};
}

/// A namelist that sets what must be set, and `more` behind.
inline std::string complete(const std::string& more = "") {
  return "&experiment directory='runs/a' /\n"
         "&dataset train_years=1982,1989 validation_years=1990,1990 test_years=1991,1992\n"
         "  relief_file='relief.nc' /\n" +
         more;
}

MATCHER_P2(is_problem, key, problem, "") {
  return arg.key == key && arg.problem == problem;
}

}  // namespace hindscale::test
