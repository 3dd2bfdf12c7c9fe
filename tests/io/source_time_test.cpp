// SPDX-License-Identifier: Apache-2.0
// Time axes that must not be taken for months.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source_fixtures.hpp"

namespace hindscale::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(source_time, wrong_axes_are_refused_with_file_and_variable) {
  EXPECT_THAT(refusal_of(wind_request({"reversed_time"})),
              AllOf(HasSubstr("reversed_time.nc: time: "), HasSubstr("does not increase")));
  EXPECT_THAT(refusal_of(wind_request({"daily"})),
              AllOf(HasSubstr("2001-01"), HasSubstr("monthly means")));
  EXPECT_THAT(refusal_of(wind_request({"no_units"})), HasSubstr("units of time"));
  EXPECT_THAT(refusal_of(wind_request({"numeric_units"})), HasSubstr("units of time"));
  EXPECT_THAT(refusal_of(wind_request({"unfinished"})), HasSubstr("no time steps"));
}

TEST(source_time, stamps_between_two_months_need_the_bounds_they_declare) {
  for (const char* name : {"bounds_lost", "bounds_nan", "bounds_single"}) {
    EXPECT_THAT(refusal_of(wind_request({name})),
                AllOf(HasSubstr("between two months"), HasSubstr("31 days since 2001-01-01"),
                      HasSubstr("its bounds are '"), HasSubstr(name)));
  }
}

TEST(source_time, overlapping_months_are_refused_with_months_and_files) {
  EXPECT_THAT(refusal_of(wind_request({"part_2001", "part_2002", "late_2002"})),
              AllOf(HasSubstr("overlapping months '2002-11..2002-12'"), HasSubstr("late_2002.nc"),
                    HasSubstr("part_2002.nc")));
}

TEST(source_time, missing_months_are_refused_with_months_and_files) {
  EXPECT_THAT(refusal_of(wind_request({"part_2001", "part_2003"})),
              AllOf(HasSubstr("missing months '2002-01..2002-12'"), HasSubstr("part_2001.nc"),
                    HasSubstr("part_2003.nc")));
}

TEST(source_time, files_on_other_grids_are_refused_with_both) {
  EXPECT_THAT(
      refusal_of(wind_request({"part_2001", "coarse_2002"})),
      AllOf(HasSubstr("another grid"), HasSubstr("part_2001.nc"), HasSubstr("coarse_2002.nc")));
}

TEST(source_time, files_in_other_units_are_converted_or_refused) {
  SourceRequest request = wind_request({"part_2001", "knots_2002"});
  const Source source(request);
  EXPECT_NEAR(read_field(source, 12)(2, 4), (1200 + 18) * 1852.0 / 3600, 1e-3);
  request.units.clear();
  EXPECT_THAT(refusal_of(request), AllOf(HasSubstr("'m s-1'"), HasSubstr("'knot' in")));
}

TEST(source_time, several_files_of_a_field_without_time_are_refused) {
  const SourceRequest request{.files = {source_path("static"), source_path("static_time")},
                              .name = "",
                              .variable = "orog",
                              .units = "m"};
  EXPECT_THAT(refusal_of(request), HasSubstr("several files"));
}

}  // namespace
}  // namespace hindscale::test
