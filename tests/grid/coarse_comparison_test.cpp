// SPDX-License-Identifier: Apache-2.0
#include "hindscale/grid/coarse_comparison.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "grid_support.hpp"

namespace hindscale {
namespace {

using test::Case;
using test::cases;
using test::means_of;
using test::random_field;

TEST(CoarseComparison, finds_nothing_between_a_field_and_its_own_means) {
  for (const Case& c : cases()) {
    const Array<float, 2> fine = random_field(c.fine, 1);
    const CoarseMisfit misfit = CoarseComparison(c.fine, c.coarse).misfit(fine, means_of(c, fine));
    EXPECT_GT(misfit.weight, 0);
    EXPECT_LT(misfit.rms(), 1e-7) << c.name;
    EXPECT_LT(misfit.largest, 1e-6) << c.name;
  }
}

TEST(CoarseComparison, weighs_differences_by_area_and_keeps_the_largest) {
  const Case c{"", regular_grid({0, -90, 5, 5, 72, 36}), regular_grid({0, -90, 10, 90, 36, 2})};
  Array<float, 2> coarse({2, 36}, 1.0F);
  for (std::size_t x = 0; x < 9; ++x) coarse(1, x) = -2;  // a quarter of the north
  const Array<float, 2> fine({36, 72}, 1.0F);
  const CoarseMisfit misfit = CoarseComparison(c.fine, c.coarse).misfit(fine, coarse);
  EXPECT_NEAR(misfit.rms(), std::sqrt(9.0 / 8), 1e-9);
  EXPECT_NEAR(misfit.largest, 3, 1e-9);
  CoarseMisfit two = misfit;
  two.add({misfit.weight, 0, 1});
  EXPECT_NEAR(two.rms(), std::sqrt(9.0 / 16), 1e-9);
  EXPECT_EQ(two.largest, misfit.largest);
  EXPECT_TRUE(std::isnan(CoarseMisfit{}.rms()));
}

TEST(CoarseComparison, leaves_out_cells_beyond_the_fine_domain_and_cells_with_gaps) {
  // Of 4 x 4 coarse cells the fine domain covers the middle 2 x 2; one of these has a gap.
  const Grid fine = regular_grid({350, 10, 1, 1, 20, 20}),
             coarse = regular_grid({-20, 0, 10, 10, 4, 4});
  Array<float, 2> field({20, 20}, 5.0F), means({4, 4}, 100.0F);
  for (const std::size_t y : {1U, 2U})
    for (const std::size_t x : {1U, 2U}) means(y, x) = 4.0F;
  const CoarseComparison comparison(fine, coarse);
  const CoarseMisfit whole = comparison.misfit(field, means);
  EXPECT_NEAR(whole.rms(), 1, 1e-9);
  EXPECT_NEAR(whole.largest, 1, 1e-9);
  means(1, 1) = 77;
  field(3, 3) = std::numeric_limits<float>::quiet_NaN();
  const CoarseMisfit part = comparison.misfit(field, means);
  EXPECT_NEAR(part.rms(), 1, 1e-9);
  EXPECT_NEAR(whole.weight - part.weight, cell_areas(coarse)(1, 1), 1e-12);
}

}  // namespace
}  // namespace hindscale
