// SPDX-License-Identifier: Apache-2.0
// Grids and fields that the tests of this module share.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/grid/remap.hpp"
#include "hindscale/random/random.hpp"

namespace hindscale::test {

inline std::vector<double> points(double first, double step, std::size_t n) {
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(first + static_cast<double>(i) * step);
  return values;
}

/// 2.5 degrees with points on the poles, from 20 E on.
inline Grid global_fine() {
  return grid_around(points(-90, 2.5, 73), points(20, 2.5, 144));
}

/// 10 degrees; column edges fall on edges of the fine grid, row edges halve its cells.
inline Grid global_coarse() {
  return regular_grid({18.75, -90, 10, 10, 36, 18});
}

using Value = std::function<double(double latitude, double longitude)>;

inline Array<float, 2> field_on(const Grid& grid, const Value& value) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  for (std::size_t y = 0; y < grid.n_rows(); ++y) {
    for (std::size_t x = 0; x < grid.n_columns(); ++x) {
      field(y, x) = static_cast<float>(value(grid.latitude.centre[y], grid.longitude.centre[x]));
    }
  }
  return field;
}

/// Mean over the sphere or the part of it that the grid covers.
inline double area_mean(const Grid& grid, View<const float, 2> field) {
  const Array<double, 2> areas = cell_areas(grid);
  double sum = 0;
  double area = 0;
  for (std::size_t i = 0; i < areas.size(); ++i) {
    sum += areas.flat()[i] * static_cast<double>(field.flat()[i]);
    area += areas.flat()[i];
  }
  return sum / area;
}

/// Two grids whose coarse cells are told apart on the fine one.
struct Case {
  const char* name;
  Grid fine;
  Grid coarse;
};

inline std::vector<Case> cases() {
  return {{"aligned columns, halved rows", global_fine(), global_coarse()},
          {"edges cut fine cells", global_fine(), regular_grid({-33.3, -90, 7.2, 12, 50, 15})},
          {"a region within a larger one", grid_around(points(30, 1, 30), points(-20, 1, 50)),
           regular_grid({345.3, 31.1, 3.7, 2.9, 10, 9})}};
}

inline Array<float, 2> random_field(const Grid& grid, std::uint64_t seed) {
  Array<float, 2> field({grid.n_rows(), grid.n_columns()});
  fill_normal({.seed = seed}, 0, field.flat());
  return field;
}

inline Array<float, 2> means_of(const Case& c, const Array<float, 2>& fine) {
  Array<float, 2> means({c.coarse.n_rows(), c.coarse.n_columns()});
  ConservativeRemap(c.fine, c.coarse).apply(fine, means);
  return means;
}

inline double largest_difference(const Array<float, 2>& a, const Array<float, 2>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a.flat()[i]} - double{b.flat()[i]}));
  }
  return largest;
}

inline double inner_product(const Grid& grid, const Array<float, 2>& a, const Array<float, 2>& b,
                            const Array<float, 2>& c) {
  const Array<double, 2> areas = cell_areas(grid);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum +=
        areas.flat()[i] * (double{a.flat()[i]} - c.flat()[i]) * (double{b.flat()[i]} - c.flat()[i]);
  }
  return sum;
}

}  // namespace hindscale::test
