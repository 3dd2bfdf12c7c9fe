// SPDX-License-Identifier: Apache-2.0
// Months of CF time axes, against cftime and by known cases.
#include "hindscale/time/axis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "hindscale/core/error.hpp"
#include "hindscale/time/calendar.hpp"

namespace hindscale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Month> months_of(const TimeStamps& stamps) {
  static const UnitSystem system;
  return decode_months(system, stamps);
}

std::vector<Month> consecutive(Month first, int n) {
  std::vector<Month> months;
  for (int i = 0; i < n; ++i) months.push_back(first + i);
  return months;
}

std::vector<double> equal_steps(double first, double step, int n) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(first + step * i);
  return values;
}

std::string refusal_of(const TimeStamps& stamps) {
  try {
    months_of(stamps);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(axis, months_agree_with_cftime) {
  std::ifstream file(HINDSCALE_TEST_REFERENCE "/time/axes.csv");
  std::string line;
  std::getline(file, line);
  int n_compared = 0;
  for (; std::getline(file, line); ++n_compared) {
    std::istringstream text(line);
    TimeStamps stamps;
    std::string value, month;
    std::getline(text, stamps.units, ',');
    std::getline(text, stamps.calendar, ',');
    std::getline(text, value, ',');
    std::getline(text, month, ',');
    stamps.values = {std::stod(value)};
    EXPECT_THAT(months_of(stamps), ElementsAre(Month::parse(month))) << line;
  }
  EXPECT_GT(n_compared, 50);
}

TEST(axis, stamps_at_the_start_middle_and_end_of_months_mean_the_same) {
  for (const char* calendar : {"standard", "noleap", "360_day", "proleptic_gregorian"}) {
    for (const double place : {0.0, 0.5, 0.999}) {
      TimeStamps stamps{.units = "days since 1890-01-01", .calendar = calendar};
      for (int i = 0; i < 240; ++i) {
        const Date start{.year = 1890 + i / 12, .month = i % 12 + 1};
        const Calendar kind = parse_calendar(calendar);
        const double days = static_cast<double>(days_between(kind, {.year = 1890}, start));
        stamps.values.push_back(days + place * days_in_month(kind, start.year, start.month));
      }
      EXPECT_EQ(months_of(stamps), consecutive({1890, 1}, 240)) << calendar << place;
    }
  }
}

TEST(axis, equal_steps_drift_but_stay_consecutive) {
  // Middle of the month, as in a real file; beginning, where the drift leaves the month.
  const std::string units = "hour since 1980-01-14 14:00:00";
  EXPECT_EQ(months_of({.values = equal_steps(17598, 730.5, 132), .units = units}),
            consecutive({1982, 1}, 132));
  for (const int first_year : {1982, 1983, 1984, 1985}) {
    const double hours = 24.0 * 365.25 * (first_year - 1982);
    EXPECT_EQ(
        months_of({.values = equal_steps(hours, 730.5, 12), .units = "hours since 1982-01-01"}),
        consecutive({first_year, 1}, 12));
  }
  EXPECT_EQ(months_of({.values = {0, 30.4375}, .units = "days since 2001-01-01"}),
            consecutive({2001, 1}, 2));
}

TEST(axis, a_gap_stays_a_gap) {
  EXPECT_THAT(months_of({.values = {15, 45, 105}, .units = "days since 2001-01-01"}),
              ElementsAre(Month(2001, 1), Month(2001, 2), Month(2001, 4)));
  EXPECT_THAT(months_of({.values = {0, 59}, .units = "days since 2001-01-01"}),
              ElementsAre(Month(2001, 1), Month(2001, 3)));
}

TEST(axis, the_middle_of_the_bounds_decides) {
  // Stamps at the end of the interval, which is the beginning of the next month.
  const TimeStamps stamps{
      .values = {31, 59}, .bounds = {{{0, 31}}, {{31, 59}}}, .units = "days since 2001-01-01"};
  EXPECT_EQ(months_of(stamps), consecutive({2001, 1}, 2));
  EXPECT_EQ(months_of({.values = {31, 59}, .units = stamps.units}), consecutive({2001, 2}, 2));
}

TEST(axis, months_and_years_since_count_calendar_months) {
  EXPECT_EQ(months_of({.values = equal_steps(0, 1, 400), .units = "months since 2000-01-01"}),
            consecutive({2000, 1}, 400));
  EXPECT_EQ(months_of({.values = equal_steps(0.5, 1, 400), .units = "Months since 1950-1-1"}),
            consecutive({1950, 1}, 400));
  EXPECT_EQ(months_of({.values = equal_steps(-3, 1, 9), .units = "month since 2000-01-15"}),
            consecutive({1999, 10}, 9));
  // Twelfths of a year in float32, some a little less than they mean.
  for (const int n : {1801, 1802, 1803, 1804, 1805, 1807})
    EXPECT_THAT(months_of({.values = {static_cast<double>(static_cast<float>(n) / 12.0F)},
                           .units = "years since 1850-01-01"}),
                ElementsAre(Month(1850, 1) + n))
        << n;
  EXPECT_THAT(months_of({.values = {10}, .units = "years since 1900-03-01"}),
              ElementsAre(Month(1910, 3)));
}

TEST(axis, digits_are_dates) {
  EXPECT_THAT(months_of({.values = {19790101, 19790201.5, 19790331}, .units = "day as %Y%m%d.%f"}),
              ElementsAre(Month(1979, 1), Month(1979, 2), Month(1979, 3)));
  EXPECT_THAT(months_of({.values = {197912, 198001}, .units = "month as %Y%m.%f"}),
              ElementsAre(Month(1979, 12), Month(1980, 1)));
  EXPECT_THAT(refusal_of({.values = {19791301}, .units = "day as %Y%m%d"}),
              HasSubstr("1979-13-01"));
}

TEST(axis, a_stamp_rounded_below_midnight_is_midnight) {
  EXPECT_THAT(months_of({.values = {31 - 1e-9}, .units = "days since 2001-01-01"}),
              ElementsAre(Month(2001, 2)));
}

TEST(axis, wrong_axes_are_refused_by_name) {
  EXPECT_THAT(refusal_of({.values = {0}, .units = "parsecs since 2001-01-01"}),
              HasSubstr("parsecs"));
  EXPECT_THAT(refusal_of({.values = {0}, .units = "days"}), HasSubstr("'days'"));
  EXPECT_THAT(refusal_of({.values = {0}, .units = "days since 2001-02-30"}),
              HasSubstr("2001-02-30"));
  EXPECT_THAT(refusal_of({.values = {0}, .units = "days since 2001-01-01", .calendar = "maya"}),
              HasSubstr("maya"));
  EXPECT_THAT(refusal_of({.values = {40, 9}, .units = "days since 2001-01-01"}),
              HasSubstr("does not increase"));
  EXPECT_THAT(refusal_of({.values = {3, 9}, .units = "days since 2001-01-01"}),
              HasSubstr("2001-01"));
  EXPECT_THAT(refusal_of({.values = {1e19}, .units = "days since 2001-01-01"}),
              HasSubstr("not a time"));
  EXPECT_THAT(refusal_of({.values = {1e19}, .units = "months since 2001-01-01"}),
              HasSubstr("not a time"));
  EXPECT_THAT(refusal_of({.values = {NAN}, .units = "days since 2001-01-01"}),
              HasSubstr("missing value"));
  EXPECT_FALSE(is_time_units("days"));
  EXPECT_TRUE(is_time_units("days since 2001-01-01T00:00:00+01:00"));
}

TEST(axis, output_stamps_are_mid_month_within_their_bounds) {
  EXPECT_EQ(month_bounds_days({1836, 1}), (std::array{0.0, 31.0}));
  EXPECT_EQ(month_bounds_days({1835, 12}), (std::array{-31.0, 0.0}));
  EXPECT_EQ(mid_month_days({1836, 2}), 31 + 14.5);
  for (Month month(1500, 1); month < Month(2200, 1); month = month + 1) {
    ASSERT_EQ(month_bounds_days(month)[1], month_bounds_days(month + 1)[0]);
    const TimeStamps stamps{.values = {mid_month_days(month)},
                            .units = output_time_units,
                            .calendar = "proleptic_gregorian"};
    ASSERT_THAT(months_of(stamps), ElementsAre(month));
  }
}

}  // namespace
}  // namespace hindscale
