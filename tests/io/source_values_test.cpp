// SPDX-License-Identifier: Apache-2.0
// Packing, missing values and units.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "source_fixtures.hpp"

namespace hindscale::test {
namespace {

using testing::HasSubstr;

SourceRequest request_of(const std::string& file, const std::string& name,
                         const std::string& variable, const std::string& units) {
  return {.files = {source_path(file)}, .name = name, .variable = variable, .units = units};
}

// All of the known field but the places [1, 2] and, with `second`, [3, 4].
void expect_holes(const std::string& file, const std::string& name, bool second) {
  const Array<float, 2> field = read_field(Source(request_of(file, name, "uas", "m s-1")), 0);
  for (std::size_t y = 0; y < field.extent(0); ++y) {
    for (std::size_t x = 0; x < field.extent(1); ++x) {
      const bool hole = (y == 1 && x == 2) || (second && y == 3 && x == 4);
      ASSERT_EQ(std::isnan(field(y, x)), hole)
          << name << " " << y << " " << x << " " << field(y, x);
    }
  }
}

TEST(source_values, missing_values_of_every_kind_are_nan) {
  for (const char* name : {"default_fill", "nan", "grib", "cmip", "wrong_type", "double", "text",
                           "number_as_text", "large", "i2", "u2", "u4"}) {
    expect_holes("fills", name, false);
  }
  expect_holes("fills", "two", true);
}

TEST(source_values, values_beyond_the_valid_range_are_nan) {
  for (const char* name : {"range", "most", "stored", "unpacked", "at_limit", "mixed"})
    expect_holes("limits", name, false);
  const auto at = [](const char* name) {
    return read_field(Source(request_of("limits", name, "uas", "m s-1")), 0)(1, 2);
  };
  EXPECT_TRUE(std::isnan(at("least")));
  EXPECT_EQ(at("other_type"), 300);
}

TEST(source_values, packed_values_are_unpacked) {
  for (const char* name : {"uas", "no_attribute", "unwritten", "as_text"}) {
    const Source source(request_of("packed", name, "uas", "m s-1"));
    expect_formula(source, 0, 0);
    expect_formula(source, 2, 2);
    const Array<float, 2> field = read_field(source, 1);
    EXPECT_TRUE(std::isnan(field(0, 0)));
    EXPECT_NEAR(field(0, 1), 100 - 60 + 4.5, 1e-4);
  }
}

TEST(source_values, packing_by_something_else_than_a_number_is_refused) {
  const std::string refusal = refusal_of(request_of("packed", "no_number", "uas", "m s-1"));
  for (const char* fact : {"packed.nc", "no_number", "scale_factor is no number", "'a hundredth'"})
    EXPECT_THAT(refusal, HasSubstr(fact));
}

TEST(source_values, negative_bytes_of_unsigned_variables_are_large) {
  const Source source(request_of("packed", "unsigned", "uas", "m s-1"));
  expect_formula(source, 2, 2);
}

// The known field at [2, 4], 0 N 180 E, is 18 before conversion.
double value_of(const std::string& name, const std::string& variable, const std::string& units) {
  return read_field(Source(request_of("units", name, variable, units)), 0)(2, 4);
}

TEST(source_values, units_are_converted_whatever_their_spelling) {
  EXPECT_FLOAT_EQ(value_of("upper", "uas", "m s-1"), 18);
  EXPECT_FLOAT_EQ(value_of("upper", "uas", ""), 18);
  EXPECT_FLOAT_EQ(value_of("stars", "uas", "m s-1"), 18);
  EXPECT_FLOAT_EQ(value_of("knots", "uas", "m s-1"), 18 * 1852.0 / 3600);
  EXPECT_FLOAT_EQ(value_of("celsius", "tas", "K"), 291.15);
  EXPECT_FLOAT_EQ(value_of("kelvin", "tas", "degC"), 18 - 273.15);
  EXPECT_FLOAT_EQ(value_of("hecto", "ps", "Pa"), 1800);
  EXPECT_FLOAT_EQ(value_of("mb", "ps", "Pa"), 1800);
  EXPECT_FLOAT_EQ(value_of("share", "sftlf", "%"), 1800);
  EXPECT_FLOAT_EQ(value_of("percent", "sftlf", "1"), 0.18);
  EXPECT_FLOAT_EQ(value_of("none", "sftlf", "1"), 18);
}

TEST(source_values, units_delivered_are_the_requested_or_the_files) {
  EXPECT_EQ(Source(request_of("units", "upper", "uas", "")).units(), "M/S");
  EXPECT_EQ(Source(request_of("units", "upper", "uas", "km h-1")).units(), "km h-1");
}

TEST(source_values, depths_of_precipitation_become_fluxes_and_nothing_else_does) {
  for (const char* name : {"water", "metres", "metres_day"}) {
    EXPECT_FLOAT_EQ(value_of(name, "pr", "kg m-2 s-1"), 18 * 1000.0 / 86400) << name;
    EXPECT_THAT(refusal_of(request_of("units", name, "evspsbl", "kg m-2 s-1")),
                HasSubstr("cannot be converted"));
  }
  EXPECT_FLOAT_EQ(value_of("millimetres_day", "pr", "kg m-2 s-1"), 18.0 / 86400);
  EXPECT_FLOAT_EQ(value_of("flux", "pr", "kg m-2 day-1"), 18.0 * 86400);
  EXPECT_THAT(refusal_of(request_of("units", "by_month", "pr", "kg m-2 s-1")),
              HasSubstr("whose length differs"));
  EXPECT_THAT(refusal_of(request_of("units", "sum", "pr", "kg m-2 s-1")),
              HasSubstr("summed over time"));
  // Millimetres may be of a day or of a month: nobody can know.
  EXPECT_THAT(refusal_of(request_of("units", "millimetres", "pr", "kg m-2 s-1")),
              HasSubstr("'mm'"));
}

TEST(source_values, unknown_units_are_refused_with_file_variable_and_units) {
  const std::string refusal = refusal_of(request_of("units", "unknown", "uas", "m s-1"));
  for (const char* fact : {"units.nc", "unknown", "unknown units", "'furlong/whim'", "'m s-1'"}) {
    EXPECT_THAT(refusal, HasSubstr(fact));
  }
  EXPECT_THAT(refusal_of(request_of("units", "hecto", "uas", "m s-1")),
              HasSubstr("cannot be converted 'hPa'"));
}

TEST(source_values, values_agree_with_xarray) {
  std::ifstream file(source_folder() / "expected.json");
  const nlohmann::json expected = nlohmann::json::parse(file);
  for (const auto& [file_name, name] :
       std::vector<std::pair<std::string, std::string>>{{"classic", "uas"},
                                                        {"cds", "u10"},
                                                        {"packed", "uas"},
                                                        {"fills", "two"},
                                                        {"lat_descending", "uas"},
                                                        {"lon_180", "uas"}}) {
    const bool descending = file_name == "cds" || file_name == "lat_descending";
    const auto& entry = expected.at(file_name + ".nc:" + name);
    const auto& values = entry.at("values");
    const Source source(request_of(file_name, name, "uas", "m s-1"));
    const Array<float, 2> field = read_field(source, source.months().size() - 1);
    ASSERT_EQ(values.size(), field.size());
    for (std::size_t y = 0; y < field.extent(0); ++y) {
      for (std::size_t x = 0; x < field.extent(1); ++x) {
        const std::size_t row = descending ? field.extent(0) - 1 - y : y;
        const auto& value = values.at(row * field.extent(1) + x);
        ASSERT_EQ(std::isnan(field(y, x)), value.is_null()) << file_name << y << " " << x;
        if (value.is_null()) continue;
        ASSERT_FLOAT_EQ(field(y, x), value.get<float>()) << file_name << y << " " << x;
      }
    }
  }
}

TEST(source_values, variables_are_found_by_well_known_names) {
  const Source source(
      {.files = {source_path("cds")}, .name = "", .variable = "uas", .units = "m s-1"});
  EXPECT_EQ(source.months(), (std::vector<Month>{{2001, 1}, {2001, 2}, {2001, 3}}));
  EXPECT_NEAR(read_field(source, 2)(0, 4), 200 - 60 + 18, 1e-4);
}

}  // namespace
}  // namespace hindscale::test
