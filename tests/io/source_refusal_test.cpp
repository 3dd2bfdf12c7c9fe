// SPDX-License-Identifier: Apache-2.0
// Files that are not what their name says, damaged ones, and requests that a file cannot serve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "classic_header.hpp"
#include "file_kind.hpp"
#include "hindscale/core/error.hpp"
#include "source_fixtures.hpp"

namespace hindscale::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using namespace std::string_literals;

std::string refusal_of_bytes(const std::string& bytes) {
  const fs::path path = source_folder() / "masked.nc";
  std::ofstream(path, std::ios::binary) << bytes;
  return refusal_of(wind_request({"masked"}));
}

TEST(source_refusal, other_kinds_under_an_nc_name_are_named) {
  EXPECT_THAT(refusal_of_bytes("PK\x03\x04 and so on"),
              AllOf(HasSubstr("masked.nc"), HasSubstr("ZIP archive")));
  EXPECT_THAT(refusal_of_bytes("\x1f\x8b\x08 and so on"), HasSubstr("gzip"));
  EXPECT_THAT(refusal_of_bytes("GRIB\0\0\0\1"s), HasSubstr("GRIB"));
  EXPECT_THAT(refusal_of_bytes("\n <!DOCTYPE html><html>404</html>"), HasSubstr("HTML"));
  EXPECT_THAT(refusal_of_bytes("<html>"), HasSubstr("HTML"));
  EXPECT_THAT(refusal_of_bytes("BZh91AY"), HasSubstr("bzip2"));
  EXPECT_THAT(refusal_of_bytes("{\"message\": \"denied\"}"), HasSubstr("JSON"));
  EXPECT_THAT(refusal_of_bytes(""), HasSubstr("empty"));
  EXPECT_THAT(refusal_of_bytes("some text"), HasSubstr("no known kind"));
  EXPECT_THAT(refusal_of_bytes("CDF\x07 and so on"), HasSubstr("no known kind"));
}

TEST(source_refusal, every_cut_through_a_file_is_refused_as_truncated) {
  for (const char* name : {"classic", "offset64", "cdf5", "netcdf4", "packed"}) {
    fs::copy_file(source_path(name), source_path("cut"), fs::copy_options::overwrite_existing);
    // What pads the last variable may be missing.
    const bool classic = name != "netcdf4"s;
    const auto size =
        classic ? classic_size(source_path(name)).value() : fs::file_size(source_path(name));
    for (auto cut = size - 1; cut > 8; cut -= 1 + cut / 9) {
      fs::resize_file(source_path("cut"), cut);
      try {
        require_whole_netcdf(source_path("cut"));
        ADD_FAILURE() << name << " " << cut;
      } catch (const InputError& error) {
        ASSERT_EQ(error.facts().problem, "truncated file") << name << " " << cut;
        ASSERT_EQ(error.facts().file, source_path("cut"));
      }
    }
    EXPECT_THAT(refusal_of(wind_request({"cut"})), HasSubstr("truncated")) << name;
  }
}

TEST(source_refusal, the_demanded_size_of_classic_files_is_theirs_but_for_padding) {
  constexpr std::uint64_t largest_padding = 3;
  for (const char* name : {"classic", "offset64", "cdf5", "packed", "height", "units",
                           "records_padded", "records_alone", "part_2003", "expver", "static"}) {
    const auto size = classic_size(source_path(name));
    ASSERT_TRUE(size) << name;
    EXPECT_LE(*size, fs::file_size(source_path(name))) << name;
    EXPECT_GE(*size + largest_padding, fs::file_size(source_path(name))) << name;
  }
}

TEST(source_refusal, damaged_netcdf4_is_refused_or_read) {
  for (std::streamoff place = 48; place < 4000; place += 173) {
    fs::copy_file(source_path("cds"), source_path("flipped"), fs::copy_options::overwrite_existing);
    std::fstream(source_path("flipped"), std::ios::in | std::ios::out | std::ios::binary)
        .seekp(place)
        .put('\x7f');
    const SourceRequest request = wind_request({"flipped"});
    EXPECT_NO_FATAL_FAILURE({
      try {
        const Source source(request);
        read_field(source, 0);
      } catch (const InputError& error) {
        EXPECT_THAT(error.facts().file, HasSubstr("flipped.nc")) << error.what();
      }
    });
  }
}

TEST(source_refusal, a_missing_variable_is_refused_with_the_names_there_are) {
  SourceRequest request = wind_request({"packed"});
  request.name = "gust";
  EXPECT_THAT(refusal_of(request),
              AllOf(HasSubstr("no variable 'gust'"), HasSubstr("uas, no_attribute, unsigned"),
                    HasSubstr("packed.nc")));
  request = wind_request({"classic"});
  request.variable = "tas";
  EXPECT_THAT(refusal_of(request),
              AllOf(HasSubstr("no variable 'tas'"), HasSubstr("there are uas")));
}

TEST(source_refusal, coordinates_at_the_corners_of_their_cells_are_refused) {
  EXPECT_THAT(refusal_of(wind_request({"cells_by_corner"})),
              AllOf(HasSubstr("not in the middle of their cells"),
                    HasSubstr("lon_bnds has 45 to 90"), HasSubstr("cells_by_corner.nc: lon")));
}

TEST(source_refusal, files_of_one_variable_each_are_told_apart) {
  const std::vector<std::string> all{source_path("static"), source_path("part_2001"),
                                     source_path("part_2002")};
  const Source wind({all, "", "uas", "m s-1"});
  EXPECT_EQ(wind.months().size(), 24U);
  EXPECT_THAT(wind.files(), testing::ElementsAre(all[1], all[2]));
  expect_formula(wind, 13, 13);
  const Source relief({all, "", "orog", "m"});
  EXPECT_THAT(relief.files(), testing::ElementsAre(all[0]));
  EXPECT_THAT(refusal_of({all, "", "tas", "K"}),
              AllOf(HasSubstr("no variable 'tas'"), HasSubstr("in none of 3 files")));
  EXPECT_THAT(
      refusal_of({{source_path("static"), source_path("part_2001"), source_path("part_2003")},
                  "",
                  "uas",
                  "m s-1"}),
      AllOf(HasSubstr("missing months"), HasSubstr("1 of the files"), HasSubstr("static.nc")));
}

TEST(source_refusal, fields_in_groups_are_told_how_to_come_out) {
  EXPECT_THAT(refusal_of(wind_request({"grouped"})),
              AllOf(HasSubstr("there are no fields"), HasSubstr("ncks -G :")));
}

TEST(source_refusal, a_name_counts_more_than_a_standard_name) {
  const Source wind(
      wind_request({"gusts_2003", "part_2001", "part_2002", "high_2004"}));  // first and last pass
  EXPECT_EQ(wind.months().size(), 24U);
  EXPECT_THAT(wind.files(),
              testing::ElementsAre(source_path("part_2001"), source_path("part_2002")));
  EXPECT_EQ(Source(wind_request({"part_2001", "winds_2003"})).months().size(), 12U);
  EXPECT_THAT(refusal_of(wind_request({"winds_2003"})), HasSubstr("several variables could be"));
  EXPECT_EQ(Source(wind_request({"gusts_2003"})).months().size(), 12U);
  EXPECT_THAT(refusal_of(wind_request({"gusts_2003", "high_2004"})),
              AllOf(HasSubstr("several variables could be 'uas'"), HasSubstr("u100 here, uasmax")));
}

TEST(source_refusal, missing_files_folders_and_patterns_are_named) {
  EXPECT_THAT(refusal_of(wind_request({"nowhere"})),
              AllOf(HasSubstr("nowhere.nc"), HasSubstr("no such file")));
  EXPECT_THAT(refusal_of(wind_request({"nowhere_*"})),
              AllOf(HasSubstr("nowhere_*.nc"), HasSubstr("no file matches")));
  EXPECT_THAT(refusal_of(wind_request({})), HasSubstr("no files"));
  SourceRequest request = wind_request({});
  request.files = {source_folder().string()};
  EXPECT_THAT(refusal_of(request), HasSubstr("folder"));
}

TEST(source_refusal, axes_that_turn_back_are_named) {
  EXPECT_THAT(refusal_of(wind_request({"lat_wrong"})),
              AllOf(HasSubstr("lat_wrong.nc: lat: "), HasSubstr("latitude axis is not monotonic")));
  EXPECT_THAT(
      refusal_of(wind_request({"lon_wrong"})),
      AllOf(HasSubstr("lon_wrong.nc: lon: "), HasSubstr("longitude axis is not monotonic")));
}

TEST(source_refusal, a_larger_extra_dimension_is_named_with_its_length) {
  EXPECT_THAT(refusal_of(wind_request({"members"})),
              AllOf(HasSubstr("'member'"), HasSubstr("of length 3")));
}

TEST(source_refusal, grids_that_are_not_latitude_longitude_are_refused) {
  EXPECT_THAT(refusal_of(wind_request({"rotated"})), HasSubstr("rotated grid"));
  EXPECT_THAT(refusal_of(wind_request({"projected"})),
              AllOf(HasSubstr("no latitude axis"), HasSubstr("y, x")));
}

}  // namespace
}  // namespace hindscale::test
