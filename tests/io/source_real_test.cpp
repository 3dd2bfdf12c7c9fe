// SPDX-License-Identifier: Apache-2.0
// The real files of the demonstration, as they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "source_fixtures.hpp"

namespace hindscale::test {
namespace {

// What xarray reads, in the file's order; `n_columns` of the field may leave out repeated ones at
// the end.
void expect_as_xarray(const std::string& key, const Array<float, 2>& field) {
  std::ifstream file(source_folder() / "expected.json");
  const auto entry = nlohmann::json::parse(file).at(key);
  const auto n_columns = entry.at("columns").get<std::size_t>();
  const auto& values = entry.at("values");
  ASSERT_EQ(values.size(), n_columns * field.extent(0));
  for (std::size_t y = 0; y < field.extent(0); ++y) {
    for (std::size_t x = 0; x < field.extent(1); ++x) {
      ASSERT_EQ(field(y, x), values.at(y * n_columns + x).get<float>()) << y << " " << x;
    }
  }
}

TEST(source_real, winds_of_eleven_years_on_the_whole_globe) {
  const Source source({.files = {real_path("monthly_navy_winds.cdf")},
                       .name = "UWND",
                       .variable = "uas",
                       .units = "m s-1"});
  const Grid& grid = source.grid();
  EXPECT_EQ(grid.n_rows(), 73u);
  EXPECT_EQ(grid.n_columns(), 144u);
  EXPECT_TRUE(grid.periodic);
  EXPECT_EQ(grid.longitude.centre.front(), 20);
  EXPECT_EQ(grid.longitude.centre.back(), 377.5);
  EXPECT_EQ(grid.latitude.edge.front(), -90);
  EXPECT_EQ(grid.latitude.edge.back(), 90);
  ASSERT_EQ(source.months().size(), 132u);
  for (int i = 0; i < 132; ++i)
    ASSERT_EQ(source.months()[static_cast<std::size_t>(i)], Month(1982, 1) + i);
  expect_as_xarray("monthly_navy_winds.cdf:UWND", read_field(source, 131));
}

TEST(source_real, winds_are_found_without_a_name) {
  const Source source({.files = {real_path("monthly_navy_winds.cdf")},
                       .name = "",
                       .variable = "vas",
                       .units = "m s-1"});
  EXPECT_EQ(source.months().size(), 132u);
}

TEST(source_real, relief_without_its_repeated_column) {
  const Source source(
      {.files = {real_path("etopo20.cdf")}, .name = "rose", .variable = "orog", .units = "m"});
  const Grid& grid = source.grid();
  EXPECT_EQ(grid.n_rows(), 540u);
  EXPECT_EQ(grid.n_columns(), 1080u);
  EXPECT_TRUE(grid.periodic);
  EXPECT_TRUE(source.months().empty());
  EXPECT_NEAR(grid.longitude.edge.front(), 20, 1e-9);
  EXPECT_NEAR(grid.latitude.centre.back(), 90 - 1.0 / 6, 1e-9);
  EXPECT_NEAR(grid.latitude.edge[1], -90 + 1.0 / 3, 1e-9);
  const Array<float, 2> relief = read_field(source, 0);
  expect_as_xarray("etopo20.cdf:ROSE", relief);
  const auto [low, high] = std::minmax_element(relief.flat().begin(), relief.flat().end());
  EXPECT_LT(*low, -8000);
  EXPECT_GT(*high, 5000);
}

TEST(source_real, a_climatology_of_the_sea_has_holes_over_land) {
  const Source source({.files = {real_path("coads_climatology.cdf")},
                       .name = "SST",
                       .variable = "tos",
                       .units = "degC"});
  EXPECT_EQ(source.months().size(), 12u);
  EXPECT_EQ(source.months().front(), Month(0, 1));
  const Array<float, 2> sea = read_field(source, 0);
  const auto n_missing =
      std::ranges::count_if(sea.flat(), [](float value) { return std::isnan(value); });
  EXPECT_GT(n_missing, 5000);
  EXPECT_LT(n_missing, 10000);
}

}  // namespace
}  // namespace hindscale::test
