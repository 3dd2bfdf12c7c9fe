// SPDX-License-Identifier: Apache-2.0
// Months as values.
#include "hindscale/time/month.hpp"

#include <gtest/gtest.h>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

TEST(month, parse_of_to_string_is_identity) {
  for (int index = 0; index < 2300 * 12; ++index) {
    const Month month = Month::from_index(index);
    ASSERT_EQ(Month::parse(month.to_string()), month);
  }
  EXPECT_EQ(Month(1836, 1).to_string(), "1836-01");
  EXPECT_EQ(Month::parse("2015-12"), Month(2015, 12));
}

TEST(month, arithmetic_counts_months_over_year_ends) {
  EXPECT_EQ(Month(1999, 12) + 1, Month(2000, 1));
  EXPECT_EQ(Month(2000, 1) - Month(1836, 1), 164 * 12);
  EXPECT_EQ((Month(0, 1) + -1).year(), -1);
  EXPECT_EQ((Month(0, 1) + -1).of_year(), 11);
}

TEST(month, anything_but_a_month_is_refused_with_its_value) {
  for (const char* text :
       {"", "1990", "1990-1", "1990-13", "1990-00", "1990/01", "90-01", "1990-01-01", "199a-01"}) {
    try {
      Month::parse(text);
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_EQ(error.facts().value, text);
    }
  }
}

}  // namespace
}  // namespace hindscale
