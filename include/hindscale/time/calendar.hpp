// SPDX-License-Identifier: Apache-2.0
// The calendars of the CF conventions: dates and days between them.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace hindscale {

/// CF calendars. `standard` is Julian up to 1582-10-04 and Gregorian from 1582-10-15.
enum class Calendar { standard, proleptic_gregorian, julian, noleap, all_leap, day_360 };

/// Case does not matter; `gregorian`, `365_day`, `366_day` are known; an empty name means standard.
/// InputError otherwise.
Calendar parse_calendar(std::string_view name);

/// The CF name, e.g. "360_day".
std::string to_string(Calendar calendar);

/// A day of a calendar and the part of it that has passed, in [0, 1). Years are astronomical: the
/// year 0 exists.
struct Date {
  int year = 1;
  int month = 1;  ///< 1..12
  int day = 1;    ///< 1..31
  double fraction = 0;
  auto operator<=>(const Date&) const = default;
};

/// Days of a month (1..12); 21 for October 1582 of `standard`.
int days_in_month(Calendar calendar, int year, int month);

/// Whole days from `from` to `to`, exact; the fractions are left aside. InputError for a day the
/// calendar does not have.
std::int64_t days_between(Calendar calendar, const Date& from, const Date& to);

/// The date `days` (of either sign) after `from`.
Date date_after(Calendar calendar, const Date& from, double days);

}  // namespace hindscale
