// SPDX-License-Identifier: Apache-2.0
// Statistics of the random weather against what it is made of.
#include "hindscale/world/weather.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "domains.hpp"

namespace hindscale::world::test {
namespace {

constexpr int n_months = 4000;  // correlations are known to about 0.03

Weather at(const Domain& domain, int i_month, const Witness& witness = {}) {
  return weather_of(domain.coarse, domain.coarse_step, 1, Month(1836, 1) + i_month, witness);
}

Domain two_cells() {
  return domain_of(box(100, 110, 20, 30));
}

TEST(Weather, has_unit_variance_and_the_stated_persistence) {
  const Domain domain = two_cells();
  std::array<Moments, n_latents> one_month, two_months;
  for (int t = 0; t < n_months; t += 4) {
    const Weather now = at(domain, t), next = at(domain, t + 1), later = at(domain, t + 2);
    for (std::size_t k = 0; k < n_latents; ++k) {
      one_month[k].add(now.latent(k, 0, 0), next.latent(k, 0, 0));
      two_months[k].add(now.latent(k, 1, 1), later.latent(k, 1, 1));
    }
  }
  for (std::size_t k = 0; k < n_latents; ++k) {
    EXPECT_NEAR(one_month[k].variance(), 1, 0.2);
    EXPECT_NEAR(one_month[k].correlation(), 0.54, 0.08);   // (0.6 + 0.18) / 1.45
    EXPECT_NEAR(two_months[k].correlation(), 0.207, 0.1);  // 0.3 / 1.45
  }
}

TEST(Weather, of_a_month_and_place_is_the_same_in_any_domain) {
  const Domain whole = domain_of(box(70, 140, 15, 55)), part = domain_of(box(95, 115, 20, 35));
  const Weather in_whole = at(whole, 1000), in_part = at(part, 1000);
  for (std::size_t y = 0; y < 3; ++y)
    for (std::size_t x = 0; x < 4; ++x)
      for (std::size_t k = 0; k < n_latents; ++k)
        EXPECT_EQ(in_part.latent(k, y, x), in_whole.latent(k, y + 1, x + 5));
}

TEST(Weather, its_gradient_is_that_of_the_field) {
  // Cells of 0.01 degrees: differences between neighbours are derivatives.
  WorldOptions options = box(100, 100.04, 30, 30.04);
  options.coarse_step = 0.02;
  options.fine_step = 0.005;
  Domain domain = domain_of(options);
  const Weather wide = weather_of(domain.coarse, 5, 1, {1900, 1}, {});
  const double x = (wide.latent(high, 0, 1) - wide.latent(high, 0, 0)) / 0.02;
  const double y = (wide.latent(high, 1, 0) - wide.latent(high, 0, 0)) / 0.02;
  EXPECT_NEAR(wide.high_x(0, 0), x, 1e-3);
  EXPECT_NEAR(wide.high_y(0, 0), y, 1e-3);
}

TEST(Weather, a_member_knows_what_it_does_not_doubt) {
  const Domain domain = two_cells();
  constexpr double doubt = 0.36;
  Moments with_truth, with_each_other;
  for (int t = 0; t < n_months; t += 3) {
    const Weather truth = at(domain, t), one = at(domain, t, {1, doubt}),
                  two = at(domain, t, {2, doubt});
    with_truth.add(one.latent(warmth, 0, 0), truth.latent(warmth, 0, 0));
    with_each_other.add(one.latent(high, 1, 0), two.latent(high, 1, 0));
  }
  EXPECT_NEAR(with_truth.variance(), 1, 0.2);  // a member loses no variance
  EXPECT_NEAR(with_truth.correlation(), std::sqrt(1 - doubt), 0.04);
  EXPECT_NEAR(with_each_other.correlation(), 1 - doubt, 0.06);
}

}  // namespace
}  // namespace hindscale::world::test
