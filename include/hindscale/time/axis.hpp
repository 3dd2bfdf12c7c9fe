// SPDX-License-Identifier: Apache-2.0
// CF time axes: from stamps of any kind to months, and from months to the stamps we write.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "hindscale/time/month.hpp"
#include "hindscale/time/units.hpp"

namespace hindscale {

/// A time coordinate as a file has it.
struct TimeStamps {
  std::vector<double> values{};
  std::vector<std::array<double, 2>> bounds{};  ///< as many as values, or none
  std::string units{};         ///< "<unit> since <date>", "day as %Y%m%d.%f", "month as %Y%m.%f"
  std::string calendar{};      ///< CF name; empty means standard
  std::string bounds_units{};  ///< of the bounds; empty means those of the values
  std::string bounds_fault{};  ///< why bounds that the file declares are not among these; or empty
};

/// True for units that mean a time coordinate.
bool is_time_units(const std::string& units);

/// The month of each stamp, strictly increasing. A stamp may lie anywhere in its month; at 00:00 on
/// the 1st it belongs to the month that begins. Where there are bounds, their middle counts
/// instead, in either order. Steps that are all one mean length of a month count as consecutive
/// months even where they drift over a month's end. "months since" and "years since" count calendar
/// months. InputError for unknown units, calendars or dates, stamps that do not increase, two
/// stamps in one month, and stamps at 00:00 on the 1st with a fault of their bounds, which might
/// mean the month before.
std::vector<Month> decode_months(const UnitSystem& system, const TimeStamps& stamps);

/// The units of the time axes we write; their calendar is proleptic_gregorian.
inline constexpr const char* output_time_units = "days since 1836-01-01 00:00:00";

/// First instant of the month and of the next one, in `output_time_units`; negative before 1836.
std::array<double, 2> month_bounds_days(Month month);

/// The middle between the two.
double mid_month_days(Month month);

}  // namespace hindscale
