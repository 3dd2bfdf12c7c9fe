// SPDX-License-Identifier: Apache-2.0
// Remapping against CDO; reference/grid/make_reference.py wrote what is compared.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "grid_support.hpp"
#include "hindscale/grid/remap.hpp"

namespace hindscale {
namespace {

using test::global_coarse;
using test::global_fine;
using test::points;

/// The fields' amplitude is 60; 1e-6 of it is what single precision leaves over.
constexpr double tolerance = 6e-5;

std::vector<double> reference(const std::string& name) {
  std::ifstream file(std::string(HINDSCALE_TEST_REFERENCE) + "/grid/" + name + ".txt");
  std::vector<double> values;
  for (std::string word; file >> word;) values.push_back(std::stod(word));
  return values;
}

/// Integers over a power of two: the same bits as in the script.
float rough(std::size_t row, std::size_t column) {
  const std::size_t number = 31 * row * row + 17 * column * column + 7 * row * column + 3 * column;
  return static_cast<float>(number % 1009) / 8.0F - 60.0F;
}

Array<float, 2> rough_field(const Grid& grid) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  for (std::size_t y = 0; y < grid.n_rows(); ++y) {
    for (std::size_t x = 0; x < grid.n_columns(); ++x) field(y, x) = rough(y, x);
  }
  return field;
}

void make_holes(View<float, 2> field) {
  for (std::size_t y = 0; y < field.extent(0); ++y) {
    for (std::size_t x = 0; x < field.extent(1); ++x) {
      const bool hole = y >= 20 && y < 28 && x >= 40 && x < 48;
      if (hole || (3 * y + 5 * x) % 11 == 0) field(y, x) = std::nanf("");
    }
  }
}

template <class Remap>
void expect_as_reference(const Remap& remap, const Array<float, 2>& field, const Grid& target,
                         const std::string& name) {
  Array<float, 2> result({target.n_rows(), target.n_columns()});
  remap.apply(field, result);
  const std::vector<double> expected = reference(name);
  ASSERT_EQ(expected.size(), result.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    ASSERT_EQ(std::isnan(result.flat()[i]), std::isnan(expected[i])) << i;
    if (std::isnan(expected[i])) continue;
    ASSERT_NEAR(result.flat()[i], expected[i], tolerance) << i;
  }
}

TEST(RemapReference, conservative_on_the_globe_agrees_with_cdo) {
  const ConservativeRemap remap(global_fine(), global_coarse());
  expect_as_reference(remap, rough_field(global_fine()), global_coarse(), "remapcon_global");
}

TEST(RemapReference, conservative_with_missing_cells_agrees_with_cdo) {
  const ConservativeRemap remap(global_fine(), global_coarse());
  Array<float, 2> field = rough_field(global_fine());
  make_holes(field);
  expect_as_reference(remap, field, global_coarse(), "remapcon_missing");
}

TEST(RemapReference, conservative_across_the_start_of_the_globe_agrees_with_cdo) {
  const Grid target = regular_grid({-7.3, 21.2, 7.1, 4.7, 9, 8});
  const ConservativeRemap remap(global_fine(), target);
  expect_as_reference(remap, rough_field(global_fine()), target, "remapcon_across_start");
}

TEST(RemapReference, conservative_within_a_region_agrees_with_cdo) {
  const Grid source = grid_around(points(30.25, 0.5, 61), points(-30.25, 0.5, 121));
  const Grid target = regular_grid({333.1, 31.7, 3.3, 3.9, 14, 7});
  const ConservativeRemap remap(source, target);
  expect_as_reference(remap, rough_field(source), target, "remapcon_regional");
}

TEST(RemapReference, bilinear_agrees_with_cdo) {
  const Grid target = grid_around(points(-60, 7.5, 17), points(3, 11.25, 32));
  const BilinearRemap remap(global_coarse(), target);
  expect_as_reference(remap, rough_field(global_coarse()), target, "remapbil_global");
}

}  // namespace
}  // namespace hindscale
