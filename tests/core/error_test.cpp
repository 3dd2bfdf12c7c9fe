// SPDX-License-Identifier: Apache-2.0
// The grammar of messages and the facts that errors carry.
#include "hindscale/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hindscale {
namespace {

TEST(MessageOf, all_facts_stand_in_the_agreed_order) {
  EXPECT_EQ(message_of({.problem = "unknown key",
                        .value = "stepz",
                        .why = "no such key in &training",
                        .advice = "did you mean 'steps'?",
                        .file = "winds.nml",
                        .line = 12,
                        .key = "training/stepz"}),
            "winds.nml:12: training/stepz: unknown key 'stepz' (no such key in &training); did you "
            "mean 'steps'?");
}

TEST(MessageOf, empty_facts_leave_no_trace) {
  EXPECT_EQ(message_of({.problem = "no months"}), "no months");
  EXPECT_EQ(message_of({.problem = "cannot read", .value = "a.nc"}), "cannot read 'a.nc'");
  EXPECT_EQ(message_of({.problem = "damaged", .why = "short", .file = "a.nc"}),
            "a.nc: damaged (short)");
  EXPECT_EQ(message_of({.problem = "lost", .line = 3}), "lost");
}

TEST(Error, carries_its_facts_and_their_message) {
  try {
    throw InputError({.problem = "too many", .value = "7", .line = 4, .key = "a/b"});
  } catch (const Error& error) {
    EXPECT_EQ(error.facts().value, "7");
    EXPECT_EQ(error.facts().line, 4);
    EXPECT_STREQ(error.what(), "a/b: too many '7'");
  }
}

TEST(Assertion, a_broken_one_names_the_condition_and_the_place) {
  EXPECT_NO_THROW(HINDSCALE_ASSERT(1 + 1 == 2));
  try {
    HINDSCALE_ASSERT(1 + 1 == 3);
    FAIL() << "the assertion did not throw";
  } catch (const AssertionError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("1 + 1 == 3"), std::string::npos);
    EXPECT_NE(text.find("error_test.cpp"), std::string::npos);
  }
}

}  // namespace
}  // namespace hindscale
