// SPDX-License-Identifier: Apache-2.0
// Decoding of CF time axes into months.
#include "hindscale/time/axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "hindscale/core/error.hpp"
#include "hindscale/time/calendar.hpp"
#include "reference_date.hpp"

namespace hindscale {
namespace {

// Stamps are rounded by their files' arithmetic: half a second before midnight is midnight.
constexpr double half_second_days = 0.5 / 86400;
// Those that count months or years are often float32 values or twelfths.
constexpr double rounding_months = 1e-3;

// Stamps further from their reference than ten thousand years are damage, not dates.
constexpr double longest_days = 3652500;
constexpr double longest_months = 120000;

// A stamp as months since 0000-01 with the part of the month that has passed.
using ToMonths = std::function<double(double)>;

double months_of(Calendar calendar, const Date& date) {
  const Date start{.year = date.year, .month = date.month};
  const double passed = static_cast<double>(days_between(calendar, start, date)) + date.fraction;
  return Month(date.year, date.month).index() +
         passed / days_in_month(calendar, date.year, date.month);
}

bool is_one_of(const std::string& text, std::initializer_list<const char*> names) {
  return std::ranges::any_of(names, [&](const char* name) { return text == name; });
}

void check_range(double part_of_range, double value) {
  if (std::abs(part_of_range) < 1) return;
  throw InputError({.problem = "not a time", .value = fmt::format("{}", value)});
}

// CF's "months since" means UDUNITS' twelfth of a year; files that use it mean calendar months.
ToMonths count_of_months(int months_a_unit, Calendar calendar, const Date& reference) {
  const double start = months_of(calendar, reference);
  return [=](double value) {
    check_range(value * months_a_unit / longest_months, value);
    return start + months_a_unit * value + rounding_months;
  };
}

ToMonths since(const UnitSystem& system, const TimeStamps& stamps, const TimeReference& parts) {
  const Calendar calendar = parse_calendar(stamps.calendar);
  days_between(calendar, parts.date, parts.date);  // throws where the day does not exist
  const double timezone = parts.offset_days;
  if (is_one_of(parts.unit, {"month", "months"})) return count_of_months(1, calendar, parts.date);
  if (is_one_of(parts.unit, {"year", "years"})) return count_of_months(12, calendar, parts.date);
  const auto to_days = system.conversion(parts.unit, "day");
  if (!to_days) throw InputError({.problem = "unknown time units", .value = stamps.units});
  return [=](double value) {
    const double days = value * to_days->scale - timezone + half_second_days;
    check_range(days / longest_days, value);
    return months_of(calendar, date_after(calendar, parts.date, days));
  };
}

enum class Digits { year_month_day, year_month };

ToMonths digits(Calendar calendar, Digits form) {
  return [=](double value) {
    const bool with_days = form == Digits::year_month_day;
    check_range((value - 100) / 1e8, value);
    const auto number = static_cast<std::int64_t>(std::floor(value));
    Date date{.fraction = value - std::floor(value)};
    date.day = with_days ? static_cast<int>(number % 100) : 1;
    const auto year_month = with_days ? number / 100 : number;
    date.month = static_cast<int>(year_month % 100);
    date.year = static_cast<int>(year_month / 100);
    days_between(calendar, date, date);
    if (!with_days)
      return static_cast<double>(Month(date.year, date.month).index()) + date.fraction;
    return months_of(calendar, date);
  };
}

ToMonths decoder(const UnitSystem& system, const TimeStamps& stamps) {
  if (stamps.units.find("%Y%m%d") != std::string::npos) {
    return digits(parse_calendar(stamps.calendar), Digits::year_month_day);
  }
  if (stamps.units.find("%Y%m") != std::string::npos) {
    return digits(parse_calendar(stamps.calendar), Digits::year_month);
  }
  const auto parts = parse_time_reference(stamps.units);
  if (!parts) {
    throw InputError({.problem = "cannot read the units of time",
                      .value = stamps.units,
                      .advice = "expected such as 'days since 1900-01-01 00:00:00'"});
  }
  return since(system, stamps, *parts);
}

void check_increasing(const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw InputError(
          {.problem = "missing value in the time axis", .why = fmt::format("position {}", i)});
    }
    if (i > 0 && values[i] <= values[i - 1]) {
      throw InputError(
          {.problem = "the time axis does not increase",
           .why = fmt::format("{} follows {} at position {}", values[i], values[i - 1], i)});
    }
  }
}

bool consecutive(const std::vector<Month>& months) {
  return std::ranges::adjacent_find(months, [](Month a, Month b) { return b - a != 1; }) ==
         months.end();
}

// The first month of stamps with equal steps of a mean month, which drift by up to a tenth of a
// month around their place; nothing where the steps are others. A drift over a month's beginning is
// taken for stamps that mean the beginning.
std::optional<Month> first_of_equal_steps(const std::vector<double>& positions) {
  constexpr double drift = 0.1;
  const double n_steps = static_cast<double>(positions.size()) - 1;
  if (std::abs(positions.back() - positions.front() - n_steps) > 3 * drift) return std::nullopt;
  double phase = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const double shift = positions[i] - positions.front() - static_cast<double>(i);
    if (std::abs(shift) > 3 * drift) return std::nullopt;
    phase += (positions[i] - static_cast<double>(i)) / static_cast<double>(positions.size());
  }
  return Month::from_index(static_cast<int>(std::floor(phase + drift)));
}

}  // namespace

bool is_time_units(const std::string& units) {
  return units.find(" as %Y%m") != std::string::npos || parse_time_reference(units).has_value();
}

namespace {

/// Whether a position is the beginning of a month, or so little behind it that it may be the end of
/// the last step of the month before.
bool is_edge(double position) {
  constexpr double half_a_day = 0.5 / 31, rounding = 1e-6;
  const double behind = position + rounding - std::floor(position + rounding);
  return behind < half_a_day;
}

[[noreturn]] void refuse_edge(const TimeStamps& stamps, std::size_t i) {
  throw InputError({.problem = "a stamp between two months whose bounds cannot be used",
                    .value = fmt::format("{} {}", stamps.values[i], stamps.units),
                    .why = stamps.bounds_fault,
                    .advice = "mend the bounds, or remove the attribute 'bounds' of the time where "
                              "such stamps mean the month that begins"});
}

}  // namespace

std::vector<Month> decode_months(const UnitSystem& system, const TimeStamps& stamps) {
  HINDSCALE_ASSERT(stamps.bounds.empty() || stamps.bounds.size() == stamps.values.size());
  check_increasing(stamps.values);
  const ToMonths to_months = decoder(system, stamps);
  ToMonths bounds_to_months = to_months;
  if (!stamps.bounds_units.empty())
    bounds_to_months = decoder(system, {.units = stamps.bounds_units, .calendar = stamps.calendar});
  std::vector<double> positions;
  std::vector<Month> months;
  for (std::size_t i = 0; i < stamps.values.size(); ++i) {
    double at = to_months(stamps.values[i]);
    if (!stamps.bounds_fault.empty() && is_edge(at)) refuse_edge(stamps, i);
    if (!stamps.bounds.empty()) {
      at = 0.5 * (bounds_to_months(stamps.bounds[i][0]) + bounds_to_months(stamps.bounds[i][1]));
    }
    positions.push_back(at);
    months.push_back(Month::from_index(static_cast<int>(std::floor(at))));
  }
  if (!consecutive(months)) {
    if (const auto first = first_of_equal_steps(positions)) {
      for (std::size_t i = 0; i < months.size(); ++i) months[i] = *first + static_cast<int>(i);
    }
  }
  const auto twice = std::ranges::adjacent_find(months);
  if (twice != months.end()) {
    throw InputError({.problem = "two time stamps in one month",
                      .value = twice->to_string(),
                      .advice = "monthly means are needed"});
  }
  return months;
}

std::array<double, 2> month_bounds_days(Month month) {
  const Date origin{.year = 1836};
  const auto start_of = [&](Month m) {
    return static_cast<double>(days_between(Calendar::proleptic_gregorian, origin,
                                            {.year = m.year(), .month = m.of_year() + 1}));
  };
  return {start_of(month), start_of(month + 1)};
}

double mid_month_days(Month month) {
  const auto [start, end] = month_bounds_days(month);
  return 0.5 * (start + end);
}

}  // namespace hindscale
