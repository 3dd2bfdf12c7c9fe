// SPDX-License-Identifier: Apache-2.0
// CF files: this program and others read the right values, times and bounds.
#include "hindscale/io/field_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "field_file_fixture.hpp"
#include "hindscale/core/hash.hpp"

namespace hindscale {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_P(FieldFileTest, reading_returns_what_was_written) {
  const FileRecord entry = write(spec_of("a.nc", 1), 1);
  EXPECT_EQ(entry.name, "a.nc");
  EXPECT_EQ(entry.bytes, fs::file_size(folder.path() / "a.nc"));
  EXPECT_EQ(entry.sha256, sha256_of_file(folder.path() / "a.nc"));
  EXPECT_FALSE(fs::exists(folder.path() / "a.nc.part"));
  const FieldReader reader(folder.path() / "a.nc");
  EXPECT_THAT(reader.months(), ElementsAre(Month(1836, 1), Month(1836, 2), Month(1836, 3)));
  EXPECT_EQ(reader.variable(), "tas");
  EXPECT_EQ(reader.attribute("source"), "hindscale");
  EXPECT_EQ(reader.attribute("Conventions"), "CF-1.12");
  EXPECT_EQ(reader.attribute("absent"), "");
  EXPECT_EQ(reader.grid().latitude.edge, grid.latitude.edge);
  EXPECT_EQ(reader.grid().longitude.centre, grid.longitude.centre);
  Array<float, 2> rows({2, n_columns});
  reader.read(2, 1, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float expected = value_at(2, n_columns + i, 1);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(rows.flat()[i]));
    } else {
      EXPECT_EQ(rows.flat()[i], expected);
    }
  }
}

TEST_P(FieldFileTest, writing_twice_gives_the_same_bytes) {
  const FileRecord first = write(spec_of("a.nc", 1), 1);
  const FileRecord second = write(spec_of("b.nc", 1), 1);
  EXPECT_EQ(first.sha256, second.sha256);
  EXPECT_NE(first.sha256, write(spec_of("c.nc", 2), 1).sha256);
}

TEST_P(FieldFileTest, a_file_made_again_with_the_same_bytes_is_left_untouched) {
  const FileRecord first = write(spec_of("a.nc", 1), 1);
  const fs::path path = folder.path() / "a.nc", link = folder.path() / "link.nc";
  fs::create_hard_link(path, link);
  EXPECT_EQ(write(spec_of("a.nc", 1), 1).sha256, first.sha256);
  EXPECT_TRUE(fs::equivalent(path, link));
  EXPECT_FALSE(fs::exists(folder.path() / "a.nc.part"));
  EXPECT_NE(write(spec_of("a.nc", 2), 1).sha256, first.sha256);
  EXPECT_FALSE(fs::equivalent(path, link));
}

TEST_P(FieldFileTest, a_left_over_part_does_not_show_in_the_bytes) {
  const std::string expected = write(spec_of("a.nc", 1), 1).sha256;
  commit_text(folder.path() / "b.nc.part", std::string(100000, 'x'));
  EXPECT_EQ(write(spec_of("b.nc", 1), 1).sha256, expected);
}

herr_t expect_no_time(hid_t /*file*/, const char* name, const H5O_info_t* info, void* /*none*/) {
  EXPECT_EQ(info->mtime, 0) << name;
  EXPECT_EQ(info->ctime, 0) << name;
  return 0;
}

TEST_P(FieldFileTest, no_object_keeps_a_time) {
  if (GetParam() == FileFormat::cdf5) GTEST_SKIP() << "classic files have no object times";
  write(spec_of("a.nc", 1), 1);
  const hid_t file = H5Fopen((folder.path() / "a.nc").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  EXPECT_GE(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, expect_no_time, nullptr, H5O_INFO_ALL), 0);
  H5Fclose(file);
}

TEST_P(FieldFileTest, xarray_sees_values_times_bounds_and_attributes) {
  if (std::string(HINDSCALE_TEST_PYTHON).find("NOTFOUND") != std::string::npos) {
    GTEST_SKIP() << "python3 is not installed";
  }
  write(spec_of("a.nc", 3), 3);
  const std::string command =
      HINDSCALE_TEST_PYTHON " " HINDSCALE_TEST_SCRIPTS "/check_field_file.py a.nc";
  EXPECT_EQ(output_of(command), "as expected\n");
}

TEST_P(FieldFileTest, cdo_reads_the_axes_and_averages_members) {
  if (!installed("cdo")) GTEST_SKIP() << "cdo is not installed";
  write(spec_of("a.nc", 1), 1);
  write(spec_of("b.nc", 2), 2);
  const std::string info = output_of("cdo -s sinfon a.nc");
  EXPECT_THAT(info, HasSubstr("lonlat"));
  EXPECT_THAT(info, HasSubstr("1836-01-16 12:00:00"));
  EXPECT_THAT(info, HasSubstr("1836-02-15 12:00:00"));
  EXPECT_THAT(info, HasSubstr("tas"));
  output_of("cdo -s ensmean a.nc b.nc mean.nc");
  // Members 1 and 2 differ by 20 - 10; the mean of the second month's first cell is 100 + 15.
  EXPECT_THAT(output_of("cdo -s output -seltimestep,2 -selindexbox,1,1,1,1 mean.nc"),
              HasSubstr("115"));
  EXPECT_THAT(output_of("cdo -s outputf,%g,1 -timmean -selindexbox,1,1,1,1 mean.nc"),
              HasSubstr("115"));
}

TEST_P(FieldFileTest, nco_reads_and_averages_over_time) {
  if (!installed("ncks")) GTEST_SKIP() << "nco is not installed";
  write(spec_of("a.nc", 1), 1);
  const std::string header = output_of("ncks -m a.nc");
  EXPECT_THAT(header, HasSubstr("time_bnds"));
  EXPECT_THAT(header, HasSubstr("units_metadata"));
  output_of("ncra -O a.nc mean.nc");
  EXPECT_THAT(output_of("ncks -H -C -v tas -d lat,0 -d lon,0 mean.nc"), HasSubstr("110"));
}

TEST_P(FieldFileTest, quantiles_have_an_axis_after_time) {
  FieldFileSpec spec = spec_of("q.nc", 0);
  spec.realization.reset();
  spec.quantiles = {0.05, 0.5, 0.95};
  write(spec, 0);
  const FieldReader reader(spec.path);
  Array<float, 2> rows({1, n_columns});
  reader.read(1, 2, rows, 2);
  EXPECT_EQ(rows(0, 3), value_at(1, 2 * n_rows * n_columns + 2 * n_columns + 3, 0));
  if (!installed("cdo")) GTEST_SKIP() << "cdo is not installed";
  const std::string info = output_of("cdo sinfon q.nc");
  EXPECT_THAT(info, HasSubstr("levels=3"));
  EXPECT_EQ(info.find("skipped"), std::string::npos) << info;
}

TEST_P(FieldFileTest, records_of_several_mebibytes_are_written_whole) {
  // Rows that do not divide a mebibyte, nor the field into equal pieces; more than 4 MiB in all.
  const Grid wide =
      regular_grid({.step_longitude = 0.3, .step_latitude = 0.3, .n_columns = 1200, .n_rows = 593});
  const std::size_t n_cells = wide.n_rows() * wide.n_columns();
  FieldFileSpec spec = spec_of("wide.nc", 0);
  spec.realization.reset();
  spec.grid = &wide;
  spec.quantiles = {0.05, 0.95};
  spec.months = {Month(1836, 1), Month(1836, 2)};
  std::vector<float> record(2 * n_cells);
  FieldFile file(self, spec);
  for (const float month : {1.F, 2.F}) {
    for (std::size_t i = 0; i < record.size(); ++i) record[i] = month * static_cast<float>(i);
    file.write(static_cast<std::size_t>(month) - 1, record);
  }
  file.commit();
  const FieldReader reader(spec.path);
  Array<float, 2> field({wide.n_rows(), wide.n_columns()});
  for (std::size_t i_quantile = 0; i_quantile < 2; ++i_quantile) {
    reader.read(1, 0, field, i_quantile);
    for (std::size_t i = 0; i < n_cells; ++i)
      ASSERT_EQ(field.flat()[i], 2 * static_cast<float>(i_quantile * n_cells + i)) << i;
  }
}

TEST_P(FieldFileTest, a_spread_of_temperatures_is_a_difference) {
  FieldFileSpec spec = spec_of("s.nc", 0);
  spec.cell_methods = "time: mean realization: standard_deviation";
  write(spec, 0);
  if (!installed("ncks")) GTEST_SKIP() << "nco is not installed";
  EXPECT_THAT(output_of("ncks -m -v tas s.nc"), HasSubstr("temperature: difference"));
}

INSTANTIATE_TEST_SUITE_P(Formats, FieldFileTest,
                         ::testing::Values(FileFormat::cdf5, FileFormat::netcdf4),
                         test::name_of_format);

class RoundedFieldFileTest : public FieldFileTest {};

TEST_P(RoundedFieldFileTest, keeps_the_bits_asked_for_and_says_so) {
  FieldFileSpec spec = spec_of("r.nc", 1);
  spec.keep_bits = 7;
  const std::string digest = write(spec, 1).sha256;
  spec.path = folder.path() / "s.nc";
  EXPECT_EQ(write(spec, 1).sha256, digest);
  const FieldReader reader(spec.path);
  Array<float, 2> rows({n_rows, n_columns});
  reader.read(1, 0, rows);
  EXPECT_TRUE(std::isnan(rows.flat()[missing_cell]));
  bool differs = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == missing_cell) continue;
    const float exact = value_at(1, i, 1);
    constexpr float half_step = 1.0F / 256;  // 2^-(7 + 1)
    EXPECT_NEAR(rows.flat()[i], exact, half_step * exact);
    differs = differs || rows.flat()[i] != exact;
  }
  EXPECT_TRUE(differs);
  if (!installed("ncks") || !installed("cdo")) GTEST_SKIP() << "nco or cdo is not installed";
  const std::string header = output_of("ncks -m r.nc");
  EXPECT_THAT(header, HasSubstr("quantization_nsb = 7"));
  EXPECT_THAT(header, HasSubstr("algorithm = \"bitround\""));
  EXPECT_THAT(output_of("cdo -s infon r.nc"), HasSubstr("tas"));
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundedFieldFileTest, ::testing::Values(FileFormat::netcdf4));

}  // namespace
}  // namespace hindscale
