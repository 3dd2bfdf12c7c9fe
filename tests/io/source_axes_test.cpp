// SPDX-License-Identifier: Apache-2.0
// Formats, orders and names of axes: the same known field comes out of all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source_fixtures.hpp"

namespace hindscale::test {
namespace {

class EqualSource : public testing::TestWithParam<const char*> {};

TEST_P(EqualSource, gives_the_known_field_for_every_month) {
  const Source source(wind_request({GetParam()}));
  ASSERT_EQ(source.months(), (std::vector<Month>{{2001, 1}, {2001, 2}, {2001, 3}}));
  for (const std::size_t i_month : {2u, 0u, 1u})
    expect_formula(source, i_month, static_cast<double>(i_month));
}

INSTANTIATE_TEST_SUITE_P(
    source, EqualSource,
    testing::Values("classic", "offset64", "cdf5", "netcdf4", "netcdf4_classic", "lat_descending",
                    "lon_180", "lon_seam", "lon_repeated", "lon_descending", "single", "irregular",
                    "transposed", "time_last", "odd_names", "bare_names", "no_scales", "height",
                    "expver", "noleap", "days_360", "julian", "dates", "months_since", "bounds",
                    "bounds_units", "bounds_reversed", "bounds_blank", "bounds_first",
                    "bounds_deep", "bounds_unnamed", "cells_centred", "bounds_lost_middle",
                    "bounds_stale", "packed_axes", "no_curve"),
    [](const auto& test) { return std::string(test.param); });

TEST(source, rows_go_north_and_columns_east_from_the_files_first) {
  for (const char* name : {"classic", "lat_descending", "lon_descending", "lon_repeated"}) {
    const Grid grid = Source(wind_request({name})).grid();
    EXPECT_THAT(grid.latitude.centre, testing::ElementsAre(-60, -30, 0, 30, 60)) << name;
    EXPECT_THAT(grid.longitude.centre, testing::ElementsAre(0, 45, 90, 135, 180, 225, 270, 315))
        << name;
    EXPECT_TRUE(grid.periodic) << name;
  }
  EXPECT_EQ(Source(wind_request({"lon_180"})).grid().longitude.centre.front(), -180);
  EXPECT_EQ(Source(wind_request({"lon_seam"})).grid().longitude.centre.back(), 495);
}

TEST(source, single_precision_coordinates_make_a_regular_regional_grid) {
  const Grid grid = Source(wind_request({"single"})).grid();
  EXPECT_FALSE(grid.periodic);
  ASSERT_EQ(grid.n_rows(), 80u);
  ASSERT_EQ(grid.n_columns(), 120u);
  for (std::size_t y = 0; y <= 80; ++y)
    ASSERT_NEAR(grid.latitude.edge[y], 40 + 0.1 * static_cast<double>(y), 1e-9);
  for (std::size_t x = 0; x <= 120; ++x)
    ASSERT_NEAR(grid.longitude.edge[x], -6 + 0.1 * static_cast<double>(x), 1e-9);
}

TEST(source, a_field_without_time_has_no_months) {
  const Source source(
      {.files = {source_path("static")}, .name = "", .variable = "orog", .units = "m"});
  EXPECT_TRUE(source.months().empty());
  expect_formula(source, 0, 0);
}

TEST(source, geopotential_with_one_time_is_relief) {
  const Source source(
      {.files = {source_path("static_time")}, .name = "", .variable = "orog", .units = "m"});
  EXPECT_TRUE(source.months().empty());
  expect_formula(source, 0, 0);
}

TEST(source, names_are_compared_without_regard_to_case) {
  SourceRequest request = wind_request({"classic"});
  request.name = "UAS";
  expect_formula(Source(request), 1, 1);
}

TEST(source, parts_in_any_order_join) {
  SourceRequest request = wind_request({"part_2003", "part_2001", "part_2002"});
  const Source source(request);
  ASSERT_EQ(source.months().size(), 36u);
  EXPECT_EQ(source.months().front(), Month(2001, 1));
  EXPECT_EQ(source.months().back(), Month(2003, 12));
  for (std::size_t i_month = 0; i_month < 36; i_month += 5)
    expect_formula(source, i_month, static_cast<double>(i_month));
  expect_formula(source, 0, 0);
  request.files = {source_path("part_*"), source_path("part_200[12]")};
  EXPECT_EQ(Source(request).months(), source.months());
  EXPECT_THAT(source.files(),
              testing::ElementsAre(source_path("part_2001"), source_path("part_2002"),
                                   source_path("part_2003")));
  EXPECT_EQ(Source(request).files(), source.files());
}

TEST(source_axes, numbers_of_rows_and_columns_are_no_degrees) {
  EXPECT_THAT(
      refusal_of(
          {.files = {source_path("curvilinear")}, .name = "uas", .variable = "uas", .units = ""}),
      testing::AllOf(testing::HasSubstr("curvilinear grid"), testing::HasSubstr("lon2d")));
}

TEST(source, grids_that_are_not_of_latitude_and_longitude_in_degrees_are_refused) {
  const std::pair<const char*, const char*> facts[] = {{"curvilinear_unsaid", "nav_lat"},
                                                       {"projection", "rotated_latitude_longitude"},
                                                       {"radians", "its units are 'radian'"}};
  for (const auto& [file, fact] : facts)
    EXPECT_THAT(
        refusal_of({.files = {source_path(file)}, .name = "uas", .variable = "uas", .units = ""}),
        testing::HasSubstr(fact))
        << file;
}

}  // namespace
}  // namespace hindscale::test
