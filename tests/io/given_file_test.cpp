// SPDX-License-Identifier: Apache-2.0
// Files in the form of reanalyses: what was written is what a Source reads.
#include "hindscale/io/given_file.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/io/source.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {
namespace {

namespace fs = std::filesystem;

Array<float, 2> ramp(const Grid& grid, float first) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  for (std::size_t i = 0; i < field.size(); ++i)
    field.data()[i] = first + 0.25F * static_cast<float>(i);
  return field;
}

class GivenFileTest : public ::testing::Test {
 protected:
  Communicator self = Communicator::self();
  TemporaryFolder folder{self};
  Grid grid = regular_grid({-100, 10, 1, 1, 4, 3});
  GivenVariable wind{"u10", {{"units", "m s**-1"}}, 0.25, 3};
  std::vector<Month> months{{1836, 1}, {1836, 2}};

  GivenFileSpec spec(GivenStyle style) {
    return {folder.path() / "a.nc", style, &grid, {wind}, months, {{"title", "test"}}};
  }
  void write(GivenStyle style) {
    GivenFile file(spec(style));
    for (std::size_t i = 0; i < months.size(); ++i) {
      Array<float, 2> field = ramp(grid, static_cast<float>(i));
      field(2, 1) = std::nanf("");
      file.write(i, 0, field);
    }
    file.commit();
  }
  [[nodiscard]] Source read(const std::string& units = "m s-1") const {
    return Source({{(folder.path() / "a.nc").string()}, "u10", "uas", units});
  }
};

TEST_F(GivenFileTest, a_source_reads_what_was_written_in_either_style) {
  for (const bool packed : {true, false}) {
    for (const GivenStyle style : {GivenStyle::ecmwf, GivenStyle::psl}) {
      wind.scale_factor = packed ? 0.25 : 0;
      write(style);
      const Source source = read();
      EXPECT_EQ(source.months(), months);
      EXPECT_TRUE(same_grid(source.grid(), grid));
      Array<float, 2> field({3, 4});
      source.read(1, field);
      EXPECT_TRUE(std::isnan(field(2, 1)));
      EXPECT_EQ(field(0, 0), 1.0F);
      EXPECT_EQ(field(2, 3), 3.75F);
    }
  }
}

TEST_F(GivenFileTest, zero_stays_zero_where_the_offset_is_whole_steps) {
  wind = {"u10", {{"units", "m s**-1"}}, 0x1p-18, 0x1p-18 * 32500};
  months.resize(1);
  GivenFile file(spec(GivenStyle::ecmwf));
  file.write(0, 0, Array<float, 2>({3, 4}));
  file.commit();
  Array<float, 2> field({3, 4}, 1.0F);
  read().read(0, field);
  EXPECT_EQ(field(1, 1), 0.0F);
}

TEST_F(GivenFileTest, values_beyond_the_packing_are_refused) {
  GivenFile file(spec(GivenStyle::ecmwf));
  const Array<float, 2> field({3, 4}, 1e5F);
  try {
    file.write(0, 0, field);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().value, "100000");
  }
}

TEST_F(GivenFileTest, only_a_committed_file_has_its_name) {
  {
    GivenFile file(spec(GivenStyle::psl));
    file.write(0, 0, ramp(grid, 0));
  }
  EXPECT_FALSE(fs::exists(folder.path() / "a.nc"));
  EXPECT_TRUE(fs::exists(part_path(folder.path() / "a.nc")));
  write(GivenStyle::psl);
  EXPECT_TRUE(fs::exists(folder.path() / "a.nc"));
  EXPECT_FALSE(fs::exists(part_path(folder.path() / "a.nc")));
}

TEST_F(GivenFileTest, equal_content_means_equal_bytes) {
  write(GivenStyle::ecmwf);
  const std::string first = read_text(folder.path() / "a.nc");
  write(GivenStyle::ecmwf);
  EXPECT_EQ(read_text(folder.path() / "a.nc"), first);
}

TEST_F(GivenFileTest, attributes_and_fields_without_time_are_read_back) {
  months.clear();
  GivenFile file(spec(GivenStyle::ecmwf));
  file.write(0, 0, ramp(grid, 5));
  file.commit();
  EXPECT_EQ(global_attribute(folder.path() / "a.nc", "title"), "test");
  EXPECT_EQ(global_attribute(folder.path() / "a.nc", "nothing"), "");
  Array<float, 2> field({3, 4});
  read().read(0, field);
  EXPECT_EQ(field(0, 0), 5.0F);
}

}  // namespace
}  // namespace hindscale::test
