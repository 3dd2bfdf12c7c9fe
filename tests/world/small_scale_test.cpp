// SPDX-License-Identifier: Apache-2.0
// The noise against its stated covariance, and the exact deviation against linear algebra.
#include "hindscale/world/small_scale.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "domains.hpp"

namespace hindscale::world::test {
namespace {

constexpr int n_months = 60;  // of 30 x 40 cells: some hundred independent values each

TEST(SmallScale, has_unit_variance_and_the_stated_correlations) {
  const Domain domain = domain_of(sichuan());
  const SmallScale small(domain, 1);
  Array<float, 3> now({n_variables, domain.fine.n_rows(), domain.fine.n_columns()}), next = now;
  std::array<std::array<Moments, n_variables>, n_variables> between;
  Moments beside, diagonal, month;
  for (int t = 0; t < n_months; ++t) {
    small.make(Month(1900, 1) + 2 * t, 0, now);
    small.make(Month(1900, 1) + (2 * t + 1), 0, next);
    for (std::size_t y = 0; y + 1 < now.extent(1); ++y) {
      for (std::size_t x = 0; x + 1 < now.extent(2); ++x) {
        for (std::size_t v = 0; v < n_variables; ++v)
          for (std::size_t w = 0; w <= v; ++w) between[v][w].add(now(v, y, x), now(w, y, x));
        beside.add(now(tas, y, x), now(tas, y, x + 1));
        diagonal.add(now(uas, y, x), now(uas, y + 1, x + 1));
        month.add(now(ps, y, x), next(ps, y, x));
      }
    }
  }
  for (std::size_t v = 0; v < n_variables; ++v) {
    EXPECT_NEAR(between[v][v].variance(), 1, 0.05);
    for (std::size_t w = 0; w < v; ++w)
      EXPECT_NEAR(between[v][w].correlation(), noise_correlation[v][w], 0.05);
  }
  EXPECT_NEAR(beside.correlation(), small.correlation(1), 0.02);
  EXPECT_NEAR(diagonal.correlation(), std::pow(small.correlation(1), 2), 0.04);
  EXPECT_NEAR(month.correlation(), noise_memory / (1 + noise_memory * noise_memory), 0.04);
}

TEST(SmallScale, of_a_month_and_place_is_the_same_in_any_domain) {
  const Domain whole = domain_of(box(90, 120, 15, 40)), part = domain_of(box(95, 115, 20, 35));
  Array<float, 3> in_whole({n_variables, 50, 60}), in_part({n_variables, 30, 40});
  SmallScale(whole, 1).make({1950, 3}, 2, in_whole);
  SmallScale(part, 1).make({1950, 3}, 2, in_part);
  for (std::size_t v = 0; v < n_variables; ++v)
    for (std::size_t y = 0; y < 30; ++y)
      for (std::size_t x = 0; x < 40; ++x) ASSERT_EQ(in_part(v, y, x), in_whole(v, y + 10, x + 10));
}

TEST(SmallScale, realizations_draws_and_seeds_differ) {
  const Domain domain = domain_of(box(95, 105, 20, 30));
  const SmallScale small(domain, 1), other_seed(domain, 2);
  Array<float, 3> first({n_variables, 20, 20}), second = first, third = first;
  small.make({2000, 1}, 0, first);
  small.make({2000, 1}, 1, second);
  other_seed.make({2000, 1}, 0, third);
  EXPECT_NE(first(0, 0, 0), second(0, 0, 0));
  EXPECT_NE(first(0, 0, 0), third(0, 0, 0));
  Array<float, 2> draw({20, 20});
  small.draw({2000, 1}, 0, draw);
  EXPECT_NE(draw(0, 0), first(0, 0, 0));
}

TEST(SmallScale, the_exact_deviation_is_that_of_the_full_covariance) {
  const Domain domain = domain_of(box(95, 110, 20, 35));
  const Refinement refinement(domain);
  const SmallScale small(domain, 1);
  const std::size_t n_columns = domain.fine.n_columns();
  Field amplitude = field_on(domain.fine);
  for (std::size_t i = 0; i < amplitude.size(); ++i)
    amplitude.flat()[i] = 1 + 0.8 * std::sin(0.37 * static_cast<double>(i));
  const Field deviation = deviation_of(refinement, small, amplitude);

  // Column j of Q A: what is left of the amplitude at j alone.
  const std::size_t n = amplitude.size();
  std::vector<Field> columns;
  for (std::size_t j = 0; j < n; ++j) {
    Field one = field_on(domain.fine);
    one.flat()[j] = amplitude.flat()[j];
    refinement.remove_means(one);
    columns.push_back(std::move(one));
  }
  const auto distance = [](std::size_t a, std::size_t b) { return a > b ? a - b : b - a; };
  for (std::size_t i = 0; i < n; i += 41) {
    double variance = 0;
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < n; ++k)
        variance += columns[j].flat()[i] * columns[k].flat()[i] *
                    small.correlation(distance(j / n_columns, k / n_columns)) *
                    small.correlation(distance(j % n_columns, k % n_columns));
    EXPECT_NEAR(deviation.flat()[i], std::sqrt(variance), 1e-9) << i;
  }
}

}  // namespace
}  // namespace hindscale::world::test
