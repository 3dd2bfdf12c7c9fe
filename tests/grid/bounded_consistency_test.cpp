// SPDX-License-Identifier: Apache-2.0
// The projection onto fields with given coarse means and no value below a limit.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "grid_support.hpp"

namespace hindscale {
namespace {

using test::Case;
using test::cases;
using test::largest_difference;
using test::means_of;
using test::random_field;

constexpr double relative = 1e-6;  ///< of means, in single precision

Array<float, 2> field_of(const Grid& grid, const std::vector<float>& values) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  std::copy(values.begin(), values.end(), field.flat().begin());
  return field;
}

/// Dry in half of the places, skewed in the others, wet and dry coarse cells.
Array<float, 2> wet_field(const Grid& grid, std::uint64_t seed) {
  Array<float, 2> field = random_field(grid, seed);
  for (std::size_t i = 0; i < field.size(); ++i) {
    const std::size_t row = i / grid.n_columns(), column = i % grid.n_columns();
    const bool is_desert = row % 24 < 12 && column % 24 < 12;
    float& value = field.flat()[i];
    value = is_desert || value < 0 ? 0.0F : std::exp(2 * value) - 1;
  }
  return field;
}

void expect_means(const Case& c, const Array<float, 2>& fine, const Array<float, 2>& coarse) {
  const Array<float, 2> means = means_of(c, fine);
  for (std::size_t i = 0; i < means.size(); ++i)
    ASSERT_NEAR(means.flat()[i], coarse.flat()[i],
                relative * static_cast<double>(coarse.flat()[i]) + 1e-9)
        << c.name << " " << i;
}

TEST(BoundedConsistency, small_programmes_have_the_solution_found_by_hand) {
  // Two coarse cells of 2 x 2 fine cells of equal area, either side of the equator.
  const Case c{"by hand", regular_grid({0, -10, 1, 10, 4, 2}), regular_grid({0, -10, 2, 20, 2, 1})};
  const ConsistencyProjection projection(c.fine, c.coarse);
  const struct {
    std::vector<float> coarse, field, solution;
  } programmes[] = {{{1.5F, 1}, {0, 0, 1, 1, 4, 8, 1, 1}, {0, 0, 1, 1, 1, 5, 1, 1}},
                    {{0.5F, 2}, {0, 0, 0, 0, 4, 8, 0, 8}, {0, 0, 0, 0, 0, 2, 0, 8}},
                    {{4, 0}, {0, 0, 3, 0, 4, 8, 5, 0}, {1, 1, 0, 0, 5, 9, 0, 0}},
                    {{1, 1},
                     {-3, 1, 2, 2, 1, 1, -2, 2},
                     {0, 4.0F / 3, 4.0F / 3, 4.0F / 3, 4.0F / 3, 4.0F / 3, 0, 4.0F / 3}}};
  for (const auto& programme : programmes) {
    Array<float, 2> x = field_of(c.fine, programme.field);
    const double left = projection.apply_above(0, field_of(c.coarse, programme.coarse), x);
    for (std::size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(x.flat()[i], programme.solution[i], 1e-6) << i;
    EXPECT_LT(left, 1e-6);
  }
}

TEST(BoundedConsistency, overlapping_cells_have_the_solution_of_a_reference) {
  std::ifstream file(std::string(HINDSCALE_TEST_REFERENCE) + "/grid/bounded_consistency.txt");
  const Case c{"reference", regular_grid({0, 10, 2, 3, 8, 6}), regular_grid({1, 11, 5, 7, 3, 2})};
  const ConsistencyProjection projection(c.fine, c.coarse);
  std::size_t n_programmes = 0;
  for (std::string word; file >> word; ++n_programmes) {  // "programme"
    const auto read = [&](const Grid& grid) {
      Array<float, 2> field({grid.n_rows(), grid.n_columns()});
      for (float& value : field.flat()) file >> value;
      return field;
    };
    const Array<float, 2> coarse = read(c.coarse);
    Array<float, 2> x = read(c.fine);
    const Array<float, 2> solution = read(c.fine);
    EXPECT_LT(projection.apply_above(0, coarse, x), 1e-6);
    EXPECT_LT(largest_difference(x, solution), 2e-6) << n_programmes;
  }
  EXPECT_EQ(n_programmes, 4U);
}

TEST(BoundedConsistency, means_and_limit_hold_and_hold_again) {
  for (const Case& c : cases()) {
    const ConsistencyProjection projection(c.fine, c.coarse);
    const Array<float, 2> coarse = means_of(c, wet_field(c.fine, 5));
    Array<float, 2> x = wet_field(c.fine, 1);
    projection.apply_above(0, coarse, x);
    expect_means(c, x, coarse);
    for (const float value : x.flat()) ASSERT_GE(value, 0) << c.name;
    Array<float, 2> again = x;
    projection.apply_above(0, coarse, again);
    EXPECT_EQ(largest_difference(x, again), 0) << c.name;
  }
}

TEST(BoundedConsistency, a_field_that_agrees_stays_as_it_is) {
  for (const Case& c : cases()) {
    const Array<float, 2> before = wet_field(c.fine, 1);
    Array<float, 2> x = before;
    ConsistencyProjection(c.fine, c.coarse).apply_above(0, means_of(c, before), x);
    EXPECT_EQ(largest_difference(x, before), 0) << c.name;
  }
}

TEST(BoundedConsistency, never_leads_away_from_a_truth_that_keeps_the_limit) {
  for (const Case& c : cases()) {
    const Array<float, 2> truth = wet_field(c.fine, 3), before = random_field(c.fine, 1);
    Array<float, 2> after = before;
    ConsistencyProjection(c.fine, c.coarse).apply_above(0, means_of(c, truth), after);
    EXPECT_LT(test::inner_product(c.fine, after, after, truth),
              test::inner_product(c.fine, before, before, truth))
        << c.name;
    // The projection onto a convex set: <before - after, truth - after> <= 0.
    EXPECT_LT(test::inner_product(c.fine, before, truth, after) /
                  test::inner_product(c.fine, before, before, truth),
              1e-6)
        << c.name;
  }
}

TEST(BoundedConsistency, a_limit_that_nothing_meets_changes_nothing) {
  for (const Case& c : cases()) {
    const ConsistencyProjection projection(c.fine, c.coarse);
    const Array<float, 2> coarse = random_field(c.coarse, 2);
    Array<float, 2> x = random_field(c.fine, 1), y = x;
    projection.apply(coarse, x);
    projection.apply_above(-100, coarse, y);
    EXPECT_LT(largest_difference(x, y), 2e-5) << c.name;  // counted from -100
  }
}

TEST(BoundedConsistency, the_limit_wins_where_a_coarse_value_lies_below_it) {
  for (const Case& c : cases()) {
    Array<float, 2> coarse = means_of(c, wet_field(c.fine, 5));
    coarse(3, 3) = -0.25F;
    Array<float, 2> x = wet_field(c.fine, 1);
    const double left = ConsistencyProjection(c.fine, c.coarse).apply_above(0, coarse, x);
    for (const float value : x.flat()) ASSERT_GE(value, 0) << c.name;
    EXPECT_NEAR(means_of(c, x)(3, 3), 0, 1e-6);
    EXPECT_GE(left, 0.25 - 1e-6) << c.name;
  }
}

TEST(BoundedConsistency, a_field_with_a_value_that_is_not_finite_is_left_to_the_caller) {
  const Case c = cases().front();
  Array<float, 2> x = wet_field(c.fine, 1);
  x(20, 20) = std::numeric_limits<float>::quiet_NaN();
  const Array<float, 2> before = x;
  EXPECT_TRUE(std::isnan(
      ConsistencyProjection(c.fine, c.coarse).apply_above(0, random_field(c.coarse, 2), x)));
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i != 20 * c.fine.n_columns() + 20) {
      ASSERT_EQ(x.flat()[i], before.flat()[i]);
    }
  }
}

}  // namespace
}  // namespace hindscale
