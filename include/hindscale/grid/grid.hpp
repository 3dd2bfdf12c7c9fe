// SPDX-License-Identifier: Apache-2.0
// Regular latitude-longitude grids in canonical order: rows from south to north, columns from west
// to east.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"

namespace hindscale {

/// Cell centres (n) and cell edges (n + 1) in degrees, both strictly increasing.
struct Axis {
  std::vector<double> centre;
  std::vector<double> edge;
  [[nodiscard]] std::size_t size() const { return centre.size(); }
};

/// A rectangle of the sphere cut into cells. `periodic`: the columns go once round the globe.
struct Grid {
  Axis latitude;
  Axis longitude;
  bool periodic = false;
  [[nodiscard]] std::size_t n_rows() const { return latitude.size(); }
  [[nodiscard]] std::size_t n_columns() const { return longitude.size(); }
};

/// Grid of cells around points: edges halfway between points, first and last cells as wide as their
/// neighbours, clipped at the poles (a point on a pole becomes a half cell) and ending there where
/// less than half a cell is left (Gaussian rows). Periodic where the columns span 360 degrees. At
/// least two points an axis, strictly increasing, latitudes within the poles, longitudes once round
/// at most; InputError otherwise, naming the axis.
Grid grid_around(std::vector<double> latitude_points, std::vector<double> longitude_points);

/// Grid of equal cells: edges at west + i * step; `n_columns * step_longitude` = 360 makes it
/// periodic. InputError where there are no cells, or cells beyond a pole or more than once round.
struct RegularCells {
  double west_edge = 0;
  double south_edge = -90;
  double step_longitude = 1;
  double step_latitude = 1;
  std::size_t n_columns = 360;
  std::size_t n_rows = 180;
};
Grid regular_grid(const RegularCells& cells);

/// Exact areas of the cells on the unit sphere [y, x] in steradian: dlon * (sin north - sin south).
Array<double, 2> cell_areas(const Grid& grid);

/// Whether two grids have the same cells to 1e-4 of a cell (longitudes modulo 360).
bool same_grid(const Grid& a, const Grid& b);

/// "73 x 144, 90S..90N, 20E..377.5E, global": for messages.
std::string describe(const Grid& grid);

}  // namespace hindscale
