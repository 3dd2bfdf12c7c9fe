// SPDX-License-Identifier: Apache-2.0
// The ridge regression: its systems, its windows, and what it finds in a world with a known law.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ridge_system.hpp"
#include "synthetic_store.hpp"

namespace hindscale {
namespace {

using test::n_cells;
using test::SyntheticStore;
using ::testing::ElementsAre;

TEST(RidgeSystem, one_predictor_gives_the_shrunk_slope) {
  RidgeSystem system(1, 2);
  for (const double x : {1.0, 2.0, -3.0}) system.add({x}, {2 * x, -x});
  EXPECT_THAT(system.solve(0), ElementsAre(::testing::DoubleEq(2), ::testing::DoubleEq(-1)));
  EXPECT_THAT(system.solve(3), ElementsAre(::testing::DoubleEq(0.5), ::testing::DoubleEq(-0.25)));
}

TEST(RidgeSystem, two_correlated_predictors_agree_with_the_rule_of_cramer) {
  RidgeSystem system(2, 1);
  system.add({1, 2}, {3});
  system.add({2, -1}, {1});
  system.add({1, 1}, {-2});
  // X'X = [6 1; 1 6], X'Y = [3; 3]; trace / k = 6.
  const double penalty = 0.25, diagonal = 6 + penalty * 6;
  const double expected = (3 * diagonal - 3) / (diagonal * diagonal - 1);
  for (const double b : system.solve(penalty)) EXPECT_NEAR(b, expected, 1e-14);
}

TEST(RidgeSystem, coefficients_shrink_with_the_penalty_and_vanish_without_anomalies) {
  RidgeSystem system(3, 1);
  for (std::uint64_t i = 0; i < 9; ++i) {
    system.add({test::noise(1, i), test::noise(2, i), test::noise(3, i)}, {test::noise(4, i)});
  }
  double last = 1e9;
  for (const double penalty : {0.0, 0.1, 1.0, 10.0, 1e6}) {
    double norm = 0;
    for (const double b : system.solve(penalty)) norm += b * b;
    EXPECT_LT(norm, last);
    last = norm;
  }
  EXPECT_LT(last, 1e-9);
  RidgeSystem still(2, 1);
  still.add({0, 0}, {1});
  EXPECT_THAT(still.solve(0.1), ElementsAre(0, 0));
}

TEST(RidgeSystem, weighted_predictors_are_those_multiplied_by_their_weight) {
  const std::vector<double> weights{1, 0.5, 0};
  RidgeSystem plain(3, 2), multiplied(3, 2);
  for (std::uint64_t i = 0; i < 9; ++i) {
    std::vector<double> x{test::noise(1, i), test::noise(2, i), test::noise(3, i)};
    const std::vector<double> y{test::noise(4, i), test::noise(5, i)};
    plain.add(x, y);
    for (std::size_t k = 0; k < 3; ++k) x[k] *= weights[k];
    multiplied.add(x, y);
  }
  const std::vector<double> b = plain.solve(0.3, weights), expected = multiplied.solve(0.3);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(b[i], weights[i / 2] * expected[i], 1e-14) << i;
  EXPECT_EQ(plain.solve(0.3, {1, 1, 1}), plain.solve(0.3));
}

TEST(RidgeWindow, rows_are_clipped_and_columns_wrap_where_periodic) {
  const Grid globe = regular_grid({0, -15, 90, 10, 4, 3});
  const Grid region = regular_grid({0, -15, 10, 10, 4, 3});
  EXPECT_THAT(ridge_window_cells(globe, 0, 0, 3), ElementsAre(3, 0, 1, 3, 0, 1, 7, 4, 5));
  EXPECT_THAT(ridge_window_cells(region, 0, 0, 3), ElementsAre(0, 0, 1, 0, 0, 1, 4, 4, 5));
  EXPECT_THAT(ridge_window_cells(globe, 2, 3, 3), ElementsAre(6, 7, 4, 10, 11, 8, 10, 11, 8));
  EXPECT_THAT(ridge_window_cells(region, 2, 3, 3), ElementsAre(6, 7, 7, 10, 11, 11, 10, 11, 11));
  EXPECT_THAT(ridge_window_cells(region, 1, 2, 1), ElementsAre(6));
}

TEST(RidgeHome, is_the_cell_around_the_centre_or_the_nearest_and_the_lower_on_an_edge) {
  const Grid coarse = regular_grid({0, 0, 10, 10, 3, 3});  // edges 0, 10, 20, 30
  const Grid fine = grid_around({-6, 4, 10, 10.1, 20, 29, 37}, {-6, 4, 10, 10.1, 20, 29, 37});
  EXPECT_THAT(home_rows(fine, coarse), ElementsAre(0, 0, 0, 1, 1, 2, 2));
  EXPECT_THAT(home_columns(fine, coarse), ElementsAre(0, 0, 0, 1, 1, 2, 2));
}

TEST(RidgeHome, longitudes_count_modulo_360) {
  const Grid coarse = regular_grid({0, 0, 45, 10, 8, 3});
  const std::vector<std::size_t> expected{4, 4, 5, 5, 6, 6, 7, 7, 0, 0, 1, 1, 2, 2, 3, 3};
  for (const double west : {-180.0, 180.0, -540.0}) {
    EXPECT_EQ(home_columns(regular_grid({west, 0, 22.5, 5, 16, 6}), coarse), expected);
  }
}

TEST(Ridge, finds_a_linear_law_on_months_it_has_not_seen) {
  const SyntheticStore samples({.derived = false, .penalties = {10, 1e-9}});
  EXPECT_EQ(samples.content.ridge->penalty, 1e-9);
  constexpr float tolerance = 1e-4F;  // rounding of values of about 5 times slopes of about 10
  for (std::size_t t = 0; t < 60; ++t) {
    const Array<float, 3> truth = samples.fine(t);
    const Array<float, 3> estimate = samples.field(store::ridge.field, t, test::fine_shape);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      ASSERT_NEAR(estimate.flat()[i], truth.flat()[i], tolerance) << t << " " << i;
    }
  }
  for (const double spread : samples.reader.read_whole(store::ridge.spread)) {
    EXPECT_LT(spread, tolerance);
  }
}

TEST(Ridge, the_window_of_predictors_is_the_one_that_errs_least_on_the_validation_months) {
  const SyntheticStore samples({.derived = false, .windows = {3, 1}, .penalties = {0.01, 100}});
  EXPECT_EQ(samples.content.ridge->window, 1);
  EXPECT_EQ(samples.content.ridge->penalty, 0.01);
  EXPECT_THAT(samples.reader.shape(store::ridge.coefficients), ElementsAre(12, 2, 16, 2));
}

TEST(Ridge, the_estimate_of_a_training_year_does_not_know_its_truth) {
  const SyntheticStore calm({.derived = false});
  const SyntheticStore noisy({.derived = false, .first_year_noise = 0.5F});
  for (std::size_t t = 0; t < 60; ++t) {
    const Array<float, 3> a = calm.field(store::ridge.field, t, test::fine_shape);
    const Array<float, 3> b = noisy.field(store::ridge.field, t, test::fine_shape);
    const bool same = std::equal(a.flat().begin(), a.flat().end(), b.flat().begin());
    EXPECT_EQ(same, t < 12) << t;
  }
}

TEST(LocalRidge, chooses_decay_and_cycle_of_a_world_that_has_them) {
  // The errors of the lawful world hang on the home cell alone, and their cycle is one of months.
  const SyntheticStore samples({.derived = false, .windows = {3}, .penalties = {0.01}});
  EXPECT_EQ(samples.content.local_ridge,
            (RegressionFit{.window = 3, .penalty = 0.01, .decay = 1, .harmonics = 0}));
  const auto error = [&](const store::Regression& names) {
    double sum = 0;
    for (std::size_t t = 48; t < 60; ++t) {
      const Array<float, 3> truth = samples.fine(t);
      const Array<float, 3> estimate = samples.field(names.field, t, test::fine_shape);
      for (std::size_t i = 0; i < truth.size(); ++i)
        sum += std::pow(static_cast<double>(estimate.flat()[i] - truth.flat()[i]), 2);
    }
    return sum;
  };
  EXPECT_LT(error(store::local_ridge), 0.8 * error(store::ridge));
}

TEST(LocalRidge, the_estimate_of_a_training_year_does_not_know_its_truth) {
  const SyntheticStore calm({.derived = false, .windows = {1}, .harmonics = {1}});
  const SyntheticStore noisy(
      {.derived = false, .first_year_noise = 0.5F, .windows = {1}, .harmonics = {1}});
  for (std::size_t t = 0; t < 60; ++t) {
    const Array<float, 3> a = calm.field(store::local_ridge.field, t, test::fine_shape);
    const Array<float, 3> b = noisy.field(store::local_ridge.field, t, test::fine_shape);
    EXPECT_EQ(std::equal(a.flat().begin(), a.flat().end(), b.flat().begin()), t < 12) << t;
  }
}

TEST(Ridge, spread_is_the_error_of_the_training_months_scaled_on_the_validation_months) {
  const SyntheticStore samples({});
  const Array<double, 2> area = cell_areas(samples.content.fine);
  std::vector<double> squares(2 * n_cells, 0.0), validation(2, 0.0), expected(2, 0.0);
  const auto error = [&](std::size_t t) {
    Array<float, 3> estimate = samples.field(store::ridge.field, t, test::fine_shape);
    const Array<float, 3> truth = samples.fine(t);
    for (std::size_t i = 0; i < truth.size(); ++i) estimate.flat()[i] -= truth.flat()[i];
    return estimate;
  };
  for (std::size_t t = 0; t < 48; ++t) {
    const Array<float, 3> errors = error(t);
    for (std::size_t i = 0; i < squares.size(); ++i) {
      const double square = std::pow(static_cast<double>(errors.flat()[i]), 2);
      if (t < 36) squares[i] += square / 36;
      if (t >= 36) validation[i / n_cells] += area.flat()[i % n_cells] * square;
      if (t >= 36) expected[i / n_cells] += area.flat()[i % n_cells] * squares[i];
    }
  }
  const std::vector<double> spread = samples.reader.read_whole(store::ridge.spread);
  for (std::size_t i = 0; i < spread.size(); ++i) {
    const double factor = std::sqrt(validation[i / n_cells] / expected[i / n_cells]);
    EXPECT_NEAR(spread[i], std::sqrt(squares[i]) * factor, 1e-6);
  }
}

}  // namespace
}  // namespace hindscale
