// SPDX-License-Identifier: Apache-2.0
// How the variables of the world go together: wind with the gradient of pressure, rain with upslope
// flow.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "domains.hpp"
#include "hindscale/world/world.hpp"

namespace hindscale::world::test {
namespace {

constexpr double metres_per_degree = 6371e3 * std::numbers::pi / 180;

/// Slope of a regression of b on a, both of mean zero.
double slope(const Moments& moments) {
  return moments.ab / moments.aa;
}

TEST(Relations, winds_over_the_sea_are_those_of_the_pressure_gradient) {
  const World world(box(150, 190, 20, 50));  // the open Pacific, 6 x 8 coarse cells of 5 degrees
  Moments along_rows, along_columns;         // of the geostrophic wind and the wind
  for (int year = 1836; year < 1876; ++year) {
    // Differences of years leave the climate out.
    const Array<float, 3> a = world.coarse({year, 1}), b = world.coarse({year + 3, 1});
    const auto change = [&](Variable v, std::size_t y, std::size_t x) {
      return static_cast<double>(b(v, y, x)) - static_cast<double>(a(v, y, x));
    };
    for (std::size_t y = 1; y + 1 < a.extent(1); ++y) {
      const double latitude = world.domain().coarse.latitude.centre[y];
      const double metres = 10 * metres_per_degree,
                   factor = 1 / 1.2e-4 * std::tanh(latitude / 5) * (0.65 + 0.45);
      const double north = latitude < world.domain().coarse.latitude.centre[y + 1] ? 1 : -1;
      for (std::size_t x = 1; x + 1 < a.extent(2); ++x) {
        const double to_north = north * (change(ps, y + 1, x) - change(ps, y - 1, x)) / metres;
        const double to_east = (change(ps, y, x + 1) - change(ps, y, x - 1)) /
                               (metres * std::cos(latitude * std::numbers::pi / 180));
        along_rows.add(-factor * to_north, change(uas, y, x));
        along_columns.add(factor * to_east, change(vas, y, x));
      }
    }
  }
  for (const Moments& moments : {along_rows, along_columns}) {
    EXPECT_GT(moments.correlation(), 0.95);
    EXPECT_NEAR(slope(moments), 1.1, 0.1);  // differences over 10 degrees miss some of the gradient
  }
}

TEST(Relations, rain_falls_where_the_wind_blows_upslope) {
  const World world(sichuan());
  const Field& height = world.ground().fine.height_m;
  Moments moments;  // of upslope wind and the share of rain, within coarse cells
  for (int year = 1900; year < 1930; year += 3) {
    for (const int month : {1, 4, 7, 10}) {
      const Array<float, 3> coarse = world.coarse({year, month}),
                            fine = world.fine({year, month}, 0);
      constexpr std::size_t n = 10;  // fine cells of a coarse one along an axis
      for (std::size_t j = 0; j < coarse.extent(1); ++j) {
        for (std::size_t i = 0; i < coarse.extent(2); ++i) {
          double sum = 0;
          std::vector<std::pair<double, double>> cells;
          for (std::size_t y = j * n + 1; y + 1 < (j + 1) * n; ++y) {
            for (std::size_t x = i * n + 1; x + 1 < (i + 1) * n; ++x) {
              const double east = height(y, x + 1) - height(y, x - 1),
                           north = height(y + 1, x) - height(y - 1, x);
              cells.emplace_back(coarse(uas, j, i) * east + coarse(vas, j, i) * north,
                                 fine(pr, y, x) / coarse(pr, j, i));
              sum += cells.back().first;
            }
          }
          for (const auto& [wind, rain] : cells)
            moments.add(wind - sum / static_cast<double>(cells.size()), rain - 1);
        }
      }
    }
  }
  EXPECT_GT(moments.correlation(), 0.3);
}

}  // namespace
}  // namespace hindscale::world::test
