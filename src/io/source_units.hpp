// SPDX-License-Identifier: Apache-2.0
// Units as files spell them, turned into the units asked for.
#pragma once

#include <string>

#include "hindscale/time/units.hpp"

namespace hindscale {

/// The map from units `from` of a file to `to`. Knows spellings that UDUNITS rejects ("M/S", "(0 -
/// 1)", "m of water equivalent", "Deg C"). Two variables may cross dimensions:
///   pr    "m" counts as metres a day (monthly means of ERA5-Land); depths of water a time are
///   taken at 1000 kg m-3; orog  geopotential (m2 s-2) is divided by 9.80665 m s-2.
/// An empty `to` gives the identity. InputError (without file) where there is no such conversion.
LinearMap unit_conversion(const UnitSystem& system, const std::string& variable,
                          const std::string& from, const std::string& to);

}  // namespace hindscale
