// SPDX-License-Identifier: Apache-2.0
// The generated fields against their law: means, spread, physics.
#include "hindscale/world/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "domains.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale::world::test {
namespace {

const World& shared_world() {
  static const World world([] {
    WorldOptions options = sichuan();
    options.law_draws = 400;
    options.members = 5;
    return options;
  }());
  return world;
}

/// Largest difference between coarse means of a fine field and a coarse field, over its size.
double relative_misfit(const World& world, View<const float, 2> fine, View<const float, 2> coarse) {
  Field values = field_on(world.domain().fine), means = field_on(world.domain().coarse);
  std::ranges::copy(fine.flat(), values.data());
  world.refinement().coarsen(values, means);
  double largest = 0, size = 0;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const auto value = static_cast<double>(coarse.flat()[i]);
    largest = std::max(largest, std::abs(means.flat()[i] - value));
    size = std::max(size, std::abs(value));
  }
  return largest / size;
}

TEST(World, fine_fields_have_the_coarse_means) {
  const World& world = shared_world();
  for (const Month month : {Month(1836, 1), Month(1925, 7), Month(2021, 10)}) {
    const Array<float, 3> coarse = world.coarse(month);
    for (const std::uint64_t realization : {0U, 7U}) {
      const Array<float, 3> fine = world.fine(month, realization);
      for (std::size_t v = 0; v < n_variables; ++v)
        EXPECT_LT(relative_misfit(world, fine[v], coarse[v]), 3e-7) << variable_names[v];
    }
  }
}

TEST(World, realizations_follow_the_exact_law) {
  const World& world = shared_world();
  const Month month(2018, 7);
  const ExactLaw law = world.exact_law(month);
  constexpr std::size_t n_draws = 300;
  Array<double, 1> sum({law.mean.size()}), squares({law.mean.size()});
  for (std::size_t k = 0; k < n_draws; ++k) {
    const Array<float, 3> fine = world.fine(month, k);
    for (std::size_t i = 0; i < fine.size(); ++i) {
      const double error =
          static_cast<double>(fine.flat()[i]) - static_cast<double>(law.mean.flat()[i]);
      sum.data()[i] += error;
      squares.data()[i] += error * error;
    }
  }
  const std::size_t n_cells = law.mean[0].size();
  for (std::size_t v = 0; v < n_variables; ++v) {
    double z_square = 0, ratio = 0;
    for (std::size_t i = v * n_cells; i < (v + 1) * n_cells; ++i) {
      const auto deviation = static_cast<double>(law.deviation.flat()[i]);
      z_square += std::pow(sum.data()[i] / n_draws / deviation, 2);
      ratio += squares.data()[i] / n_draws / (deviation * deviation);
    }
    const auto cells = static_cast<double>(n_cells);
    // The law of rain comes from 400 draws, with an error of its own.
    const double expected = 1.0 / n_draws + (v == pr ? 1.0 / 400 : 0.0);
    EXPECT_NEAR(z_square / cells / expected, 1, 0.25) << variable_names[v];
    EXPECT_NEAR(ratio / cells, 1, v == pr ? 0.05 : 0.02) << variable_names[v];
  }
}

TEST(World, rain_is_skewed_never_negative_and_dry_in_places) {
  const World& world = shared_world();
  std::size_t n_dry = 0;
  double skewness = 0;
  for (int t = 0; t < 24; ++t) {
    const Array<float, 3> fine = world.fine(Month(1990, 1) + t, 0);
    double mean = 0, second = 0, third = 0;
    for (const float value : fine[pr].flat()) {
      ASSERT_GE(value, 0.0F);
      n_dry += value == 0.0F ? 1 : 0;
      mean += static_cast<double>(value) / static_cast<double>(fine[pr].size());
    }
    for (const float value : fine[pr].flat()) {
      second += std::pow(static_cast<double>(value) - mean, 2);
      third += std::pow(static_cast<double>(value) - mean, 3);
    }
    skewness +=
        third / std::pow(second, 1.5) * std::sqrt(static_cast<double>(fine[pr].size())) / 24;
  }
  EXPECT_GT(n_dry, 0U);
  EXPECT_GT(skewness, 0.5);
}

TEST(World, quantiles_of_rain_increase_and_average_to_its_mean) {
  const ExactLaw law = shared_world().exact_law({2020, 6});
  const std::size_t n = law.quantiles.extent(0), n_cells = law.quantiles[0].size();
  double sum_of_quantiles = 0, sum_of_means = 0;
  for (std::size_t i = 0; i < n_cells; ++i) {
    for (std::size_t q = 0; q < n; ++q) {
      const float value = law.quantiles[q].data()[i];
      sum_of_quantiles += static_cast<double>(value) / static_cast<double>(n);
      if (q > 0) {
        ASSERT_GE(value, law.quantiles[q - 1].data()[i]);
      }
    }
    sum_of_means += static_cast<double>(law.mean[pr].data()[i]);
  }
  EXPECT_NEAR(sum_of_quantiles / sum_of_means, 1, 0.01);
}

TEST(World, warming_is_in_the_coarse_temperature_as_stated) {
  WorldOptions options = sichuan();
  options.warming_k = 0;
  const World even(options);
  options.warming_k = 2;
  const World warming(options);
  const Month month(2021, 12);
  const Array<float, 3> before = even.coarse(month), after = warming.coarse(month);
  EXPECT_NEAR(after(tas, 1, 1) - before(tas, 1, 1), 2, 0.01);
  EXPECT_EQ(after(uas, 1, 1), before(uas, 1, 1));
  EXPECT_NEAR(warming.large_scale().warming({1929, 1}), 0.5, 0.01);  // half of the time, a quarter
  EXPECT_NEAR(warming.large_scale().warming({1836, 1}), 0, 1e-6);
}

TEST(World, warm_goes_with_low_pressure_and_months_with_their_neighbours) {
  const World& world = shared_world();
  Moments with_pressure, with_next;
  for (int year = 1836; year < 2000; ++year) {
    // Differences of years leave the climate out.
    const Array<float, 3> now = world.coarse({year, 1}), next = world.coarse({year, 2});
    const Array<float, 3> later = world.coarse({year + 3, 1}),
                          later_next = world.coarse({year + 3, 2});
    const auto change = [&](const Array<float, 3>& a, const Array<float, 3>& b, Variable v) {
      return static_cast<double>(b(v, 0, 3)) - static_cast<double>(a(v, 0, 3));
    };
    with_pressure.add(change(now, later, tas), change(now, later, ps));
    with_next.add(change(now, later, tas), change(next, later_next, tas));
  }
  EXPECT_LT(with_pressure.correlation(), -0.25);
  EXPECT_NEAR(with_next.correlation(), 0.54, 0.2);
}

TEST(World, high_ground_is_cold_and_under_low_pressure) {
  const World& world = shared_world();
  const Array<float, 3> fine = world.fine({2000, 10}, 0);
  const Field& height = world.ground().fine.height_m;
  const auto highest =
      static_cast<std::size_t>(std::ranges::max_element(height.flat()) - height.flat().begin());
  const auto lowest =
      static_cast<std::size_t>(std::ranges::min_element(height.flat()) - height.flat().begin());
  EXPECT_LT(fine[ps].data()[highest], 70000);
  EXPECT_GT(fine[ps].data()[lowest], 98000);
  EXPECT_LT(fine[tas].data()[highest], fine[tas].data()[lowest] - 10);
}

TEST(World, the_mean_of_the_members_is_their_mean) {
  const World& world = shared_world();
  const Month month(1900, 5);
  const Array<float, 3> mean = world.member_mean(month);
  double sum = 0;
  for (int member = 1; member <= 5; ++member)
    sum += static_cast<double>(world.member(month, member)(tas, 1, 2)) / 5;
  EXPECT_NEAR(mean(tas, 1, 2), sum, 1e-4);
  EXPECT_NE(world.member(month, 1)(tas, 1, 2), world.member(month, 2)(tas, 1, 2));
}

TEST(World, members_differ_more_the_farther_back) {
  const World& world = shared_world();
  double early = 0, late = 0;
  for (int t = 0; t < 60; ++t) {
    const auto difference = [&](Month month) {
      return std::abs(static_cast<double>(world.member(month, 1)(tas, 1, 2)) -
                      static_cast<double>(world.member(month, 2)(tas, 1, 2)));
    };
    early += difference(Month(1836, 1) + t);
    late += difference(Month(2010, 1) + t);
  }
  EXPECT_GT(early, 1.5 * late);  // sqrt(0.6 / 0.1) = 2.4 on average
}

TEST(World, a_relief_without_the_variable_is_refused) {
  WorldOptions options = sichuan();
  options.relief_name = "HEIGHT";
  try {
    const World world(options);
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().value, "HEIGHT");
  }
}

}  // namespace
}  // namespace hindscale::world::test
