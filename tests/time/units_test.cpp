// SPDX-License-Identifier: Apache-2.0
// Conversion of units.
#include "hindscale/time/units.hpp"

#include <gtest/gtest.h>

namespace hindscale {
namespace {

TEST(units, conversions_have_their_scale_and_offset) {
  const UnitSystem system;
  const auto kelvin = system.conversion("degC", "K");
  ASSERT_TRUE(kelvin);
  EXPECT_DOUBLE_EQ((*kelvin)(20.0), 293.15);
  EXPECT_DOUBLE_EQ((*system.conversion("hPa", "Pa"))(1013.25), 101325.0);
  EXPECT_DOUBLE_EQ((*system.conversion(" m s**-1 ", "km h-1"))(10.0), 36.0);
  EXPECT_EQ((*system.conversion("K", "K"))(273.16), 273.16);
  EXPECT_DOUBLE_EQ((*system.conversion("degF", "degC"))(212.0), 100.0);
}

TEST(units, what_cannot_be_converted_by_a_line_gives_nothing) {
  const UnitSystem system;
  EXPECT_FALSE(system.conversion("m", "s"));
  EXPECT_FALSE(system.conversion("furlongs per whim", "m s-1"));
  EXPECT_FALSE(system.conversion("m s-1", ")("));
  EXPECT_FALSE(system.conversion("s", "Hz"));
  EXPECT_TRUE(system.knows("kg m**-2 day**-1"));
  EXPECT_FALSE(system.knows("(0 - 1"));
}

}  // namespace
}  // namespace hindscale
