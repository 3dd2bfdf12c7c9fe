// SPDX-License-Identifier: Apache-2.0
// The projection onto fields with given coarse means is one: consistent, idempotent, orthogonal.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "grid_support.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale {
namespace {

using test::global_coarse;
using test::global_fine;
using test::points;

constexpr double rounding = 2e-6;  ///< of fields of amplitude 1 in single precision

struct Case {
  const char* name;
  Grid fine;
  Grid coarse;
};

std::vector<Case> cases() {
  return {{"aligned columns, halved rows", global_fine(), global_coarse()},
          {"edges cut fine cells", global_fine(), regular_grid({-33.3, -90, 7.2, 12, 50, 15})},
          {"a region within a larger one", grid_around(points(30, 1, 30), points(-20, 1, 50)),
           regular_grid({345.3, 31.1, 3.7, 2.9, 10, 9})}};
}

Array<float, 2> random_field(const Grid& grid, std::uint64_t seed) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  fill_normal({.seed = seed}, 0, field.flat());
  return field;
}

Array<float, 2> means_of(const Case& c, const Array<float, 2>& fine) {
  Array<float, 2> means({c.coarse.n_rows(), c.coarse.n_columns()});
  ConservativeRemap(c.fine, c.coarse).apply(fine, means);
  return means;
}

double largest_difference(const Array<float, 2>& a, const Array<float, 2>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a.flat()[i]} - double{b.flat()[i]}));
  }
  return largest;
}

double inner_product(const Grid& grid, const Array<float, 2>& a, const Array<float, 2>& b,
                     const Array<float, 2>& c) {
  const Array<double, 2> areas = cell_areas(grid);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum +=
        areas.flat()[i] * (double{a.flat()[i]} - c.flat()[i]) * (double{b.flat()[i]} - c.flat()[i]);
  }
  return sum;
}

TEST(ConsistencyProjection, coarse_means_become_the_given_ones) {
  for (const Case& c : cases()) {
    const Array<float, 2> coarse = random_field(c.coarse, 2);
    Array<float, 2> x = random_field(c.fine, 1);
    ConsistencyProjection(c.fine, c.coarse).apply(coarse, x);
    EXPECT_LT(largest_difference(means_of(c, x), coarse), rounding) << c.name;
  }
}

TEST(ConsistencyProjection, a_consistent_field_stays_as_it_is) {
  for (const Case& c : cases()) {
    const ConsistencyProjection projection(c.fine, c.coarse);
    const Array<float, 2> coarse = random_field(c.coarse, 2);
    Array<float, 2> once = random_field(c.fine, 1);
    projection.apply(coarse, once);
    Array<float, 2> twice = once;
    projection.apply(coarse, twice);
    EXPECT_LT(largest_difference(once, twice), rounding) << c.name;
  }
}

TEST(ConsistencyProjection, never_leads_away_from_the_truth_and_is_orthogonal) {
  for (const Case& c : cases()) {
    const Array<float, 2> truth = random_field(c.fine, 3);
    const Array<float, 2> before = random_field(c.fine, 1);
    Array<float, 2> after = before;
    ConsistencyProjection(c.fine, c.coarse).apply(means_of(c, truth), after);
    const double distance_before = inner_product(c.fine, before, before, truth);
    const double distance_after = inner_product(c.fine, after, after, truth);
    EXPECT_LT(distance_after, distance_before) << c.name;
    // Pythagoras: <before - after, truth - after> = 0.
    EXPECT_NEAR(inner_product(c.fine, before, truth, after) / distance_before, 0, 1e-6) << c.name;
  }
}

TEST(ConsistencyProjection, cells_that_no_coarse_cell_sees_are_left_alone) {
  const Case region = cases().back();
  const Array<float, 2> before = random_field(region.fine, 1);
  Array<float, 2> after = before;
  ConsistencyProjection(region.fine, region.coarse).apply(random_field(region.coarse, 2), after);
  EXPECT_EQ(after(0, 10), before(0, 10));
  EXPECT_EQ(after(10, 0), before(10, 0));
  EXPECT_NE(after(10, 10), before(10, 10));
}

TEST(ConsistencyProjection, coarse_cells_finer_than_the_grid_are_refused) {
  const Grid fine = regular_grid({0, -90, 10, 10, 36, 18});
  EXPECT_THROW(ConsistencyProjection(fine, regular_grid({0, -90, 5, 10, 72, 18})), InputError);
}

}  // namespace
}  // namespace hindscale
