// SPDX-License-Identifier: Apache-2.0
// Calendars against cftime (tests/reference/time) and against themselves.
#include "hindscale/time/calendar.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

const Date origin{.year = 2000};
constexpr Calendar all_calendars[] = {Calendar::standard, Calendar::proleptic_gregorian,
                                      Calendar::julian,   Calendar::noleap,
                                      Calendar::all_leap, Calendar::day_360};

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line);
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  if (line.ends_with(',')) cells.emplace_back();
  return cells;
}

Date date_of(const std::string& text) {
  return {.year = std::stoi(text.substr(0, 4)),
          .month = std::stoi(text.substr(5, 2)),
          .day = std::stoi(text.substr(8, 2))};
}

TEST(calendar, days_agree_with_cftime_from_1582_to_2200) {
  std::ifstream file(HINDSCALE_TEST_REFERENCE "/time/calendars.csv");
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = cells_of(line);
  ASSERT_EQ(names.size(), 7u);
  int n_compared = 0;
  while (std::getline(file, line)) {
    const std::vector<std::string> cells = cells_of(line);
    ASSERT_EQ(cells.size(), names.size()) << line;
    const Date date = date_of(cells[0]);
    for (std::size_t i = 1; i < names.size(); ++i) {
      const Calendar calendar = parse_calendar(names[i]);
      if (cells[i].empty()) {
        EXPECT_THROW(days_between(calendar, origin, date), InputError) << names[i] << line;
        continue;
      }
      const auto days = std::stoll(cells[i]);
      ASSERT_EQ(days_between(calendar, origin, date), days) << names[i] << " " << line;
      ASSERT_EQ(date_after(calendar, origin, static_cast<double>(days)), date) << names[i] << line;
      ++n_compared;
    }
  }
  EXPECT_GT(n_compared, 6000);
}

TEST(calendar, every_day_follows_the_one_before) {
  for (const Calendar calendar : all_calendars) {
    Date date{.year = 1579};
    for (int i = 0; i < 366 * 30; ++i) {
      const Date next = date_after(calendar, date, 1);
      ASSERT_EQ(days_between(calendar, date, next), 1);
      ASSERT_LT(date, next);
      date = next;
    }
  }
}

TEST(calendar, days_of_months_add_up_to_the_year) {
  for (const Calendar calendar : all_calendars) {
    for (int year = -5; year < 2201; ++year) {
      int days = 0;
      for (int month = 1; month <= 12; ++month) days += days_in_month(calendar, year, month);
      ASSERT_EQ(days, days_between(calendar, {.year = year}, {.year = year + 1}))
          << to_string(calendar) << year;
    }
  }
}

TEST(calendar, fractions_of_days_carry) {
  const Date start{.year = 1999, .month = 12, .day = 31, .fraction = 0.75};
  EXPECT_EQ(date_after(Calendar::standard, start, 0.5), (Date{.year = 2000, .fraction = 0.25}));
  EXPECT_EQ(date_after(Calendar::day_360, Date{.year = 2000, .fraction = 0.25}, -0.5),
            (Date{.year = 1999, .month = 12, .day = 30, .fraction = 0.75}));
}

TEST(calendar, names_are_read_in_any_case_and_by_their_aliases) {
  EXPECT_EQ(parse_calendar("Gregorian"), Calendar::standard);
  EXPECT_EQ(parse_calendar(""), Calendar::standard);
  EXPECT_EQ(parse_calendar("NOLEAP"), Calendar::noleap);
  EXPECT_EQ(parse_calendar("365_day"), Calendar::noleap);
  EXPECT_EQ(parse_calendar("366_day"), Calendar::all_leap);
  for (const Calendar calendar : all_calendars)
    EXPECT_EQ(parse_calendar(to_string(calendar)), calendar);
  EXPECT_THROW(parse_calendar("maya"), InputError);
}

}  // namespace
}  // namespace hindscale
