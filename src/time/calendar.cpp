// SPDX-License-Identifier: Apache-2.0
// Day numbers in the CF calendars.
#include "hindscale/time/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <utility>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using Days = std::int64_t;

constexpr Days floor_div(Days a, Days b) {
  return a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
}

constexpr std::array<int, 12> month_days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

bool is_leap(Calendar calendar, int year) {
  const bool fourth = year % 4 == 0;
  const bool gregorian = fourth && (year % 100 != 0 || year % 400 == 0);
  switch (calendar) {
    case Calendar::standard:
      return year < 1582 ? fourth : gregorian;
    case Calendar::proleptic_gregorian:
      return gregorian;
    case Calendar::julian:
      return fourth;
    case Calendar::all_leap:
      return true;
    default:
      return false;
  }
}

// Years that begin on 1 March put the leap day last; (153 m + 2) / 5 is the first day of their
// month m.
Days march_based(const Date& date, Days march_year) {
  const int march_month = (date.month + 9) % 12;
  return 365 * march_year + (153 * march_month + 2) / 5 + date.day - 1;
}

Days gregorian_number(const Date& date) {
  const Days year = date.year - (date.month <= 2 ? 1 : 0);
  return march_based(date, year) + floor_div(year, 4) - floor_div(year, 100) + floor_div(year, 400);
}

// Counted from the same day as the Gregorian numbers: 1582-10-05 Julian is 1582-10-15 Gregorian.
constexpr Days julian_shift = -2;

Days julian_number(const Date& date) {
  const Days year = date.year - (date.month <= 2 ? 1 : 0);
  return march_based(date, year) + floor_div(year, 4) + julian_shift;
}

const Days gregorian_start = gregorian_number({.year = 1582, .month = 10, .day = 15});

Date from_march_year(Days march_year, Days day_of_year) {
  const int march_month = static_cast<int>((5 * day_of_year + 2) / 153);
  const int month = march_month < 10 ? march_month + 3 : march_month - 9;
  return {.year = static_cast<int>(march_year) + (month <= 2 ? 1 : 0),
          .month = month,
          .day = static_cast<int>(day_of_year - (153 * march_month + 2) / 5) + 1};
}

Date gregorian_date(Days number) {
  const Days era = floor_div(number, 146097);
  const Days day = number - era * 146097;
  const Days year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  return from_march_year(era * 400 + year, day - (365 * year + year / 4 - year / 100));
}

Date julian_date(Days number) {
  const Days era = floor_div(number - julian_shift, 1461);
  const Days day = number - julian_shift - era * 1461;
  const Days year = (day - day / 1460) / 365;
  return from_march_year(era * 4 + year, day - 365 * year);
}

// Calendars whose years are all alike.
Days uniform_number(Calendar calendar, const Date& date) {
  Days day = date.day - 1;
  Days year_days = 0;
  for (int month = 1; month <= 12; ++month) {
    const int n_days = days_in_month(calendar, date.year, month);
    year_days += n_days;
    if (month < date.month) day += n_days;
  }
  return date.year * year_days + day;
}

Date uniform_date(Calendar calendar, Days number) {
  const Days year_days = calendar == Calendar::day_360  ? 360
                         : calendar == Calendar::noleap ? 365
                                                        : 366;
  Date date{.year = static_cast<int>(floor_div(number, year_days))};
  Days day = number - date.year * year_days;
  for (; day >= days_in_month(calendar, date.year, date.month); ++date.month) {
    day -= days_in_month(calendar, date.year, date.month);
  }
  date.day = static_cast<int>(day) + 1;
  return date;
}

bool exists(Calendar calendar, const Date& date) {
  if (date.month < 1 || date.month > 12 || date.day < 1) return false;
  if (calendar == Calendar::standard && date.year == 1582 && date.month == 10) {
    return date.day <= 4 || (date.day >= 15 && date.day <= 31);
  }
  return date.day <= days_in_month(calendar, date.year, date.month);
}

Days number_of(Calendar calendar, const Date& date) {
  if (!exists(calendar, date)) {
    throw InputError({.problem = "no such day",
                      .value = fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day),
                      .why = "calendar " + to_string(calendar)});
  }
  switch (calendar) {
    case Calendar::standard:
      return std::pair(date.year * 12 + date.month, date.day) < std::pair(1582 * 12 + 10, 15)
                 ? julian_number(date)
                 : gregorian_number(date);
    case Calendar::proleptic_gregorian:
      return gregorian_number(date);
    case Calendar::julian:
      return julian_number(date);
    default:
      return uniform_number(calendar, date);
  }
}

Date date_of(Calendar calendar, Days number) {
  switch (calendar) {
    case Calendar::standard:
      return number < gregorian_start ? julian_date(number) : gregorian_date(number);
    case Calendar::proleptic_gregorian:
      return gregorian_date(number);
    case Calendar::julian:
      return julian_date(number);
    default:
      return uniform_date(calendar, number);
  }
}

constexpr std::array<std::pair<std::string_view, Calendar>, 10> calendar_names = {{
    {"standard", Calendar::standard},
    {"proleptic_gregorian", Calendar::proleptic_gregorian},
    {"julian", Calendar::julian},
    {"noleap", Calendar::noleap},
    {"all_leap", Calendar::all_leap},
    {"360_day", Calendar::day_360},
    {"gregorian", Calendar::standard},
    {"365_day", Calendar::noleap},
    {"366_day", Calendar::all_leap},
    {"", Calendar::standard},
}};

}  // namespace

Calendar parse_calendar(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const auto& [known, calendar] : calendar_names) {
    if (lower == known) return calendar;
  }
  throw InputError(
      {.problem = "unknown calendar",
       .value = std::string(name),
       .advice = "known are standard, proleptic_gregorian, julian, noleap, all_leap, 360_day"});
}

std::string to_string(Calendar calendar) {
  for (const auto& [name, value] : calendar_names) {
    if (value == calendar) return std::string(name);
  }
  HINDSCALE_ASSERT(false);
  return {};
}

int days_in_month(Calendar calendar, int year, int month) {
  HINDSCALE_ASSERT(month >= 1 && month <= 12);
  if (calendar == Calendar::day_360) return 30;
  if (calendar == Calendar::standard && year == 1582 && month == 10) return 21;
  const int leap_day = month == 2 && is_leap(calendar, year) ? 1 : 0;
  return month_days[static_cast<std::size_t>(month - 1)] + leap_day;
}

std::int64_t days_between(Calendar calendar, const Date& from, const Date& to) {
  return number_of(calendar, to) - number_of(calendar, from);
}

Date date_after(Calendar calendar, const Date& from, double days) {
  const double whole = std::floor(days);
  double fraction = from.fraction + (days - whole);
  const double carry = std::floor(fraction);
  fraction -= carry;
  Date date = date_of(calendar, number_of(calendar, from) + static_cast<Days>(whole + carry));
  date.fraction = fraction;
  return date;
}

}  // namespace hindscale
