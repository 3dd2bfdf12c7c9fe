// SPDX-License-Identifier: Apache-2.0
// Identities of remapping: constants, means, linear functions, wrapping, missing cells.
#include "hindscale/grid/remap.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "grid_support.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale {
namespace {

using test::area_mean;
using test::field_on;
using test::global_coarse;
using test::global_fine;
using test::points;

const float missing = std::nanf("");

Array<float, 2> random_field(const Grid& grid) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  fill_normal({.seed = 1}, 0, field.flat());
  return field;
}

template <class Remap>
Array<float, 2> remapped(const Remap& remap, const Array<float, 2>& source, const Grid& target) {
  Array<float, 2> result({target.n_rows(), target.n_columns()});
  remap.apply(source, result);
  return result;
}

TEST(ConservativeRemap, a_constant_stays_the_same) {
  const Array<float, 2> constant = field_on(global_fine(), [](double, double) { return 1013.25; });
  const ConservativeRemap remap(global_fine(), global_coarse());
  const Array<float, 2> means = remapped(remap, constant, global_coarse());
  for (const float value : means.flat()) EXPECT_EQ(value, 1013.25F);
}

TEST(ConservativeRemap, the_global_mean_is_conserved_for_any_offset_of_the_target) {
  const Grid fine = global_fine();
  const Array<float, 2> field = random_field(fine);
  for (const double west : {18.75, 20.0, -341.3, 0.0, 371.1, 720.6}) {
    const Grid coarse = regular_grid({west, -90, 7.2, 9, 50, 20});
    const Array<float, 2> means = remapped(ConservativeRemap(fine, coarse), field, coarse);
    EXPECT_NEAR(area_mean(coarse, means), area_mean(fine, field), 1e-7) << west;
  }
}

TEST(ConservativeRemap, means_of_a_quarter_wave_are_analytic) {
  // Cells of one degree cut exactly in two; the field is the row's mean of sin(latitude), so the
  // target's mean is too.
  const Grid fine = regular_grid({0, -90, 1, 1, 360, 180});
  const Grid coarse = regular_grid({-180, -90, 30, 30, 12, 6});
  Array<float, 2> field({180, 360});
  const auto sine = [](double degrees) { return std::sin(degrees * std::numbers::pi / 180); };
  for (std::size_t y = 0; y < 180; ++y) {
    const double mean = 0.5 * (sine(fine.latitude.edge[y]) + sine(fine.latitude.edge[y + 1]));
    for (std::size_t x = 0; x < 360; ++x) field(y, x) = static_cast<float>(mean);
  }
  const Array<float, 2> means = remapped(ConservativeRemap(fine, coarse), field, coarse);
  EXPECT_NEAR(means(5, 0), 0.5 * (1 + sine(60)), 1e-6);
  EXPECT_NEAR(means(3, 7), 0.5 * sine(30), 1e-6);
}

TEST(ConservativeRemap, a_cell_across_the_start_of_the_other_grid_reaches_both_ends) {
  const Grid fine = regular_grid({-2, -90, 4, 90, 90, 2});
  const Grid coarse = regular_grid({0, -90, 90, 90, 4, 2});
  const ConservativeRemap remap(fine, coarse);
  const auto& first = remap.longitude().rows.front();
  const auto& last = remap.longitude().rows.back();
  ASSERT_EQ(first.front().source, 0U);
  EXPECT_NEAR(first.front().weight, 2.0 / 90, 1e-12);
  ASSERT_EQ(last.front().source, 0U);
  EXPECT_NEAR(last.front().weight, 2.0 / 90, 1e-12);
  EXPECT_EQ(last.back().source, 89U);
}

TEST(ConservativeRemap, missing_cells_are_left_out_and_all_missing_stays_missing) {
  const Grid fine = regular_grid({0, 0, 1, 1, 4, 2});
  const Grid coarse = regular_grid({0, 0, 2, 2, 2, 1});
  Array<float, 2> field({2, 4}, 3.0F);
  field(0, 0) = missing;
  field(1, 0) = 5;
  for (const std::size_t y : {0U, 1U}) field(y, 2) = field(y, 3) = missing;
  const Array<float, 2> means = remapped(ConservativeRemap(fine, coarse), field, coarse);
  const Array<double, 2> area = cell_areas(fine);
  const double expected =
      (3 * area(0, 1) + 5 * area(1, 0) + 3 * area(1, 1)) / (area(0, 1) + area(1, 0) + area(1, 1));
  EXPECT_NEAR(means(0, 0), expected, 1e-6);
  EXPECT_TRUE(std::isnan(means(0, 1)));
}

TEST(ConservativeRemap, targets_outside_the_source_are_refused) {
  const Grid regional = grid_around(points(30, 1, 20), points(10, 1, 20));
  EXPECT_THROW(ConservativeRemap(regional, regular_grid({10, 25, 5, 5, 2, 2})), InputError);
  EXPECT_THROW(ConservativeRemap(regional, regular_grid({27, 35, 5, 5, 2, 2})), InputError);
  EXPECT_NO_THROW(ConservativeRemap(regional, regular_grid({370, 35, 5, 5, 3, 2})));
}

TEST(BilinearRemap, is_exact_for_linear_functions_inside) {
  const Grid coarse = grid_around(points(30, 3, 10), points(10, 3, 12));
  const Grid fine = grid_around(points(31, 0.7, 30), points(371, 0.7, 40));
  const auto linear = [](double latitude, double longitude) {
    return 2 * latitude - 0.5 * longitude + 7;
  };
  const Array<float, 2> result =
      remapped(BilinearRemap(coarse, fine), field_on(coarse, linear), fine);
  for (std::size_t y = 0; y < fine.n_rows(); ++y) {
    for (std::size_t x = 0; x < fine.n_columns(); ++x) {
      EXPECT_NEAR(result(y, x), linear(fine.latitude.centre[y], fine.longitude.centre[x] - 360),
                  2e-5);
    }
  }
}

TEST(BilinearRemap, wraps_in_longitude_and_holds_the_outermost_row) {
  const Grid coarse =
      regular_grid({0, -90, 90, 60, 4, 3});  // centres 45, 135, 225, 315 and -60, 0, 60
  const Grid fine = grid_around({-90, 0, 60, 85}, {-45, -22.5, 0, 22.5, 45});
  Array<float, 2> field({3, 4});
  for (std::size_t i = 0; i < field.size(); ++i) field.flat()[i] = static_cast<float>(i * i);
  const Array<float, 2> result = remapped(BilinearRemap(coarse, fine), field, fine);
  const auto expected = [&](std::size_t row, float share) {
    return (1 - share) * field(row, 3) + share * field(row, 0);
  };
  for (const auto& [y, row] : {std::pair{0U, 0U}, {1U, 1U}, {2U, 2U}, {3U, 2U}}) {
    for (std::size_t x = 0; x < 5; ++x) {
      EXPECT_NEAR(result(y, x), expected(row, 0.25F * static_cast<float>(x)), 1e-5)
          << y << " " << x;
    }
  }
}

TEST(BilinearRemap, holds_the_outermost_column_of_a_region) {
  const Grid coarse = grid_around({0, 10}, {100, 110, 120});
  const Grid fine = grid_around({0, 10}, {93, 97, 101, 125});
  const Array<float, 2> field =
      field_on(coarse, [](double, double longitude) { return longitude; });
  const Array<float, 2> result = remapped(BilinearRemap(coarse, fine), field, fine);
  EXPECT_EQ(result(0, 0), 100.0F);
  EXPECT_EQ(result(0, 1), 100.0F);
  EXPECT_NEAR(result(1, 2), 101.0F, 1e-4);
  EXPECT_EQ(result(1, 3), 120.0F);
}

TEST(BilinearRemap, missing_sources_are_left_out) {
  const Grid coarse = grid_around({0, 10}, {0, 10, 20, 30});
  const Grid fine = grid_around({2, 5}, {5, 10, 15, 25});
  Array<float, 2> field({2, 4}, 4.0F);
  field(0, 0) = field(0, 2) = field(1, 2) = field(0, 3) = field(1, 3) = missing;
  const Array<float, 2> result = remapped(BilinearRemap(coarse, fine), field, fine);
  EXPECT_EQ(result(0, 0), 4.0F);
  EXPECT_EQ(result(0, 1), 4.0F);
  EXPECT_EQ(result(1, 2), 4.0F);
  EXPECT_TRUE(std::isnan(result(1, 3)));
}

}  // namespace
}  // namespace hindscale
