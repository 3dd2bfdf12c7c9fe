// SPDX-License-Identifier: Apache-2.0
// Cells around points, areas, comparison of grids.
#include "hindscale/grid/grid.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "grid_support.hpp"

namespace hindscale {
namespace {

using test::global_coarse;
using test::global_fine;
using test::points;
using ::testing::HasSubstr;

template <class F>
ErrorFacts input_error_of(F&& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.facts();
  }
  ADD_FAILURE() << "no InputError";
  return {};
}

TEST(GridAround, points_on_the_poles_become_half_cells) {
  const Grid grid = global_fine();
  EXPECT_DOUBLE_EQ(grid.latitude.edge.front(), -90);
  EXPECT_DOUBLE_EQ(grid.latitude.edge[1], -88.75);
  EXPECT_DOUBLE_EQ(grid.latitude.edge.back(), 90);
  EXPECT_DOUBLE_EQ(grid.longitude.edge.front(), 18.75);
  EXPECT_DOUBLE_EQ(grid.longitude.edge.back(), 378.75);
  EXPECT_TRUE(grid.periodic);
}

TEST(GridAround, regional_points_get_whole_outer_cells) {
  const Grid grid = grid_around({30, 30.5, 31}, {-10, -9, -8, -7});
  EXPECT_EQ(grid.latitude.edge, (std::vector<double>{29.75, 30.25, 30.75, 31.25}));
  EXPECT_EQ(grid.longitude.edge, (std::vector<double>{-10.5, -9.5, -8.5, -7.5, -6.5}));
  EXPECT_FALSE(grid.periodic);
}

TEST(GridAround, gaussian_rows_end_at_the_poles) {
  const Grid grid = grid_around({-88.57, -86.72, -84.86, 84.86, 86.72, 88.57}, {0, 120, 240});
  EXPECT_DOUBLE_EQ(grid.latitude.edge.front(), -90);
  EXPECT_DOUBLE_EQ(grid.latitude.edge.back(), 90);
}

TEST(GridAround, single_precision_longitudes_still_close_the_circle) {
  std::vector<double> longitudes;
  for (int i = 0; i < 3600; ++i) longitudes.push_back(0.05F + 0.1F * static_cast<float>(i));
  const Grid grid = grid_around({-1, 0, 1}, longitudes);
  EXPECT_TRUE(grid.periodic);
  EXPECT_DOUBLE_EQ(grid.longitude.edge.back() - grid.longitude.edge.front(), 360);
}

TEST(GridAround, wrong_axes_are_refused_with_their_name) {
  const auto refusal = [](std::vector<double> latitude, std::vector<double> longitude) {
    return input_error_of([&] { grid_around(latitude, longitude); }).problem;
  };
  EXPECT_THAT(refusal({0, 2, 1}, {0, 1}), HasSubstr("latitude"));
  EXPECT_THAT(refusal({0, 1}, {0, 1, 1}), HasSubstr("longitude"));
  EXPECT_THAT(refusal({0}, {0, 1}), HasSubstr("latitude"));
  EXPECT_THAT(refusal({80, 90, 100}, {0, 1}), HasSubstr("pole"));
  EXPECT_THAT(refusal({0, 1}, points(0, 10, 37)), HasSubstr("more than once"));
  EXPECT_THAT(refusal({0, 1}, {0, std::nan("")}), HasSubstr("longitude"));
}

TEST(RegularGrid, cells_lie_where_they_were_asked_for) {
  const Grid grid = global_coarse();
  EXPECT_EQ(grid.n_rows(), 18U);
  EXPECT_EQ(grid.n_columns(), 36U);
  EXPECT_DOUBLE_EQ(grid.longitude.edge[1], 28.75);
  EXPECT_DOUBLE_EQ(grid.longitude.centre[0], 23.75);
  EXPECT_DOUBLE_EQ(grid.latitude.centre[17], 85);
  EXPECT_TRUE(grid.periodic);
  EXPECT_FALSE(regular_grid({0, 0, 10, 10, 35, 9}).periodic);
  EXPECT_THROW(regular_grid({0, 0, 10, 10, 36, 10}), InputError);
  EXPECT_THROW(regular_grid({0, 0, 0, 10, 36, 9}), InputError);
}

TEST(CellAreas, of_a_global_grid_sum_to_the_sphere) {
  for (const Grid& grid : {global_fine(), global_coarse()}) {
    const Array<double, 2> areas = cell_areas(grid);
    double sum = 0;
    for (const double area : areas.flat()) sum += area;
    EXPECT_NEAR(sum, 4 * std::numbers::pi, 1e-12);
  }
}

TEST(CellAreas, of_an_octant_are_known) {
  const Grid octant = regular_grid({0, 0, 90, 30, 1, 3});
  const Array<double, 2> areas = cell_areas(octant);
  EXPECT_NEAR(areas(0, 0), std::numbers::pi / 2 * 0.5, 1e-14);
  EXPECT_NEAR(areas(0, 0) + areas(1, 0) + areas(2, 0), std::numbers::pi / 2, 1e-14);
}

TEST(SameGrid, longitudes_count_modulo_a_circle) {
  const Grid grid = global_coarse();
  EXPECT_TRUE(same_grid(grid, regular_grid({18.75 - 360, -90, 10, 10, 36, 18})));
  EXPECT_TRUE(same_grid(grid, regular_grid({18.75 + 5e-4, -90, 10, 10, 36, 18})));
  EXPECT_FALSE(same_grid(grid, regular_grid({18.75 + 5e-3, -90, 10, 10, 36, 18})));
  EXPECT_FALSE(same_grid(grid, regular_grid({28.75, -90, 10, 10, 36, 18})));
  EXPECT_FALSE(same_grid(grid, regular_grid({18.75, -90, 10, 10, 35, 18})));
}

TEST(Describe, names_size_and_bounds) {
  EXPECT_EQ(describe(global_fine()), "73 x 144, 90S..90N, 20E..377.5E, global");
  EXPECT_EQ(describe(grid_around({-1, 0}, {-10, -9})), "2 x 2, 1S..0N, 10W..9W, regional");
}

}  // namespace
}  // namespace hindscale
