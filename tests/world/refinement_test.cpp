// SPDX-License-Identifier: Apache-2.0
// Identities of the way between coarse and fine cells.
#include "hindscale/world/refinement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "domains.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale::world::test {
namespace {

constexpr double rounding = 1e-12;

Field random_field(const Grid& grid, std::uint64_t seed) {
  std::vector<float> values(grid.n_rows() * grid.n_columns());
  fill_normal({.seed = seed}, 0, values);
  Field field = field_on(grid);
  std::ranges::copy(values, field.data());
  return field;
}

TEST(Refinement, coarse_means_of_a_refined_field_are_the_coarse_values) {
  const Domain domain = domain_of(sichuan());
  const Refinement refinement(domain);
  const Field coarse = random_field(domain.coarse, 1);
  Field fine = field_on(domain.fine), means = field_on(domain.coarse);
  refinement.refine(coarse, fine);
  refinement.coarsen(fine, means);
  for (std::size_t i = 0; i < means.size(); ++i)
    EXPECT_NEAR(means.flat()[i], coarse.flat()[i], rounding);
}

TEST(Refinement, coarse_means_are_those_of_the_conservative_remapping) {
  const Domain domain = domain_of(sichuan());
  const Field fine = random_field(domain.fine, 2);
  Field means = field_on(domain.coarse);
  Refinement(domain).coarsen(fine, means);
  Array<float, 2> single(fine.shape()), expected(means.shape());
  std::ranges::transform(fine.flat(), single.data(),
                         [](double x) { return static_cast<float>(x); });
  ConservativeRemap(domain.fine, domain.coarse).apply(single, expected);
  for (std::size_t i = 0; i < means.size(); ++i)
    EXPECT_NEAR(means.flat()[i], static_cast<double>(expected.flat()[i]), 1e-7);
}

TEST(Refinement, a_constant_stays_the_same) {
  const Domain domain = domain_of(sichuan());
  Field coarse = field_on(domain.coarse), fine = field_on(domain.fine);
  std::ranges::fill(coarse.flat(), 7.0);
  Refinement(domain).refine(coarse, fine);
  for (const double value : fine.flat()) EXPECT_NEAR(value, 7, rounding);
}

TEST(Refinement, a_refined_field_has_no_steps_at_borders_of_coarse_cells) {
  WorldOptions options = sichuan();
  options.fine_step = 0.125;  // 40 fine cells a coarse one
  const Domain domain = domain_of(options);
  const Refinement refinement(domain);
  Field fine = field_on(domain.fine);
  refinement.refine(random_field(domain.coarse, 3), fine);
  double inside = 0, across = 0;
  for (std::size_t y = 0; y < fine.extent(0); ++y) {
    for (std::size_t x = 1; x < fine.extent(1); ++x) {
      double& largest = x % domain.refinement == 0 ? across : inside;
      largest = std::max(largest, std::abs(fine(y, x) - fine(y, x - 1)));
    }
  }
  EXPECT_LE(across, inside);
  EXPECT_LT(inside, 0.5);  // a step would be as large as the field
}

TEST(Refinement, removing_means_twice_is_removing_them_once) {
  const Domain domain = domain_of(sichuan());
  const Refinement refinement(domain);
  Field fine = random_field(domain.fine, 4), means = field_on(domain.coarse);
  refinement.remove_means(fine);
  refinement.coarsen(fine, means);
  for (const double mean : means.flat()) EXPECT_NEAR(mean, 0, rounding);
  Field again = fine;
  refinement.remove_means(again);
  for (std::size_t i = 0; i < fine.size(); ++i)
    EXPECT_NEAR(again.flat()[i], fine.flat()[i], rounding);
}

TEST(Refinement, constrained_fields_have_the_means_asked_for) {
  const Domain domain = domain_of(sichuan());
  const Refinement refinement(domain);
  const Field wanted = random_field(domain.coarse, 5);
  Field fine = random_field(domain.fine, 6), means = field_on(domain.coarse);
  refinement.constrain(wanted, fine);
  refinement.coarsen(fine, means);
  for (std::size_t i = 0; i < means.size(); ++i)
    EXPECT_NEAR(means.flat()[i], wanted.flat()[i], rounding);
}

}  // namespace
}  // namespace hindscale::world::test
