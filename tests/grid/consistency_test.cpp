// SPDX-License-Identifier: Apache-2.0
// The projection onto fields with given coarse means is one: consistent, idempotent, orthogonal.
#include <gtest/gtest.h>

#include "grid_support.hpp"
#include "hindscale/grid/remap.hpp"

namespace hindscale {
namespace {

using test::Case;
using test::cases;
using test::inner_product;
using test::largest_difference;
using test::means_of;
using test::random_field;

constexpr double rounding = 2e-6;  ///< of fields of amplitude 1 in single precision

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
