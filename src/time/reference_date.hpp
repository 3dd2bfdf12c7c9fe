// SPDX-License-Identifier: Apache-2.0
// The text "<unit> since <date>" of CF time units.
#pragma once

#include <optional>
#include <string>

#include "hindscale/time/calendar.hpp"

namespace hindscale {

struct TimeReference {
  std::string unit;        ///< in small letters
  Date date;               ///< in local time
  double offset_days = 0;  ///< local time minus UTC
};

/// Date as Y-M-D with a time of h[:m[:s[.f]]] after a blank or T, then nothing, Z, UTC, GMT or
/// +h[[:]mm]. Nothing where the text has another form. Whether the day exists is not checked.
std::optional<TimeReference> parse_time_reference(const std::string& units);

}  // namespace hindscale
