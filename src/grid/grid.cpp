// SPDX-License-Identifier: Apache-2.0
// Cells of latitude-longitude grids: edges from points, areas, comparison.
#include "hindscale/grid/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace hindscale {
namespace {

constexpr double full_circle = 360.0;
constexpr double pole = 90.0;
/// Coordinates kept in single precision are off by up to 1e-2 of a cell of a 0.01 degree grid.
constexpr double span_tolerance_cells = 0.02;

void require_increasing(const std::vector<double>& points, const char* axis) {
  if (points.size() < 2) {
    throw InputError({.problem = fmt::format("too few points on the {} axis", axis),
                      .value = std::to_string(points.size()),
                      .why = "the width of a cell is the distance between points",
                      .advice = "give a grid of at least two points on each axis"});
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool rises = i == 0 || points[i] > points[i - 1];
    if (!std::isfinite(points[i]) || !rises) {
      throw InputError(
          {.problem = fmt::format("the {} axis does not increase at point", axis),
           .value = std::to_string(i + 1),
           .why = fmt::format("{:g} follows {:g}", points[i], points[i == 0 ? 0 : i - 1]),
           .advice = "regular latitude-longitude grids only"});
    }
  }
}

std::vector<double> edges_between(const std::vector<double>& points) {
  const std::size_t n = points.size();
  std::vector<double> edges(n + 1);
  for (std::size_t i = 1; i < n; ++i) edges[i] = 0.5 * (points[i - 1] + points[i]);
  edges[0] = points[0] - (edges[1] - points[0]);
  edges[n] = points[n - 1] + (points[n - 1] - edges[n - 1]);
  return edges;
}

/// Ends at the pole where the edge lies beyond it or falls short of it by less than half a cell
/// (Gaussian rows).
double end_at_pole(double edge, double width) {
  if (std::abs(edge) > pole - 0.5 * width) return std::copysign(pole, edge);
  return edge;
}

void require_on_sphere(const std::vector<double>& latitudes) {
  constexpr double rounding = 1e-3;
  if (latitudes.front() < -pole - rounding || latitudes.back() > pole + rounding) {
    throw InputError({.problem = "latitudes beyond a pole",
                      .value = fmt::format("{:g}..{:g}", latitudes.front(), latitudes.back()),
                      .why = "they lie within -90..90 degrees"});
  }
}

/// Whether the columns close the circle; then they do so exactly afterwards.
bool close_circle(std::vector<double>& edges) {
  const double span = edges.back() - edges.front();
  const double tolerance = span_tolerance_cells * span / static_cast<double>(edges.size() - 1);
  if (span > full_circle + tolerance) {
    throw InputError({.problem = "longitudes go round the globe more than once",
                      .value = fmt::format("{:g}..{:g}", edges.front(), edges.back()),
                      .advice = "leave out the repeated columns"});
  }
  const bool closed = span >= full_circle - tolerance;
  if (closed) edges.back() = edges.front() + full_circle;
  return closed;
}

std::vector<double> centres_of(const std::vector<double>& edges) {
  std::vector<double> centres(edges.size() - 1);
  for (std::size_t i = 0; i < centres.size(); ++i) centres[i] = 0.5 * (edges[i] + edges[i + 1]);
  return centres;
}

std::vector<double> equal_edges(double first, double step, std::size_t n) {
  std::vector<double> edges(n + 1);
  for (std::size_t i = 0; i <= n; ++i) edges[i] = first + static_cast<double>(i) * step;
  return edges;
}

bool same_edges(const std::vector<double>& a, const std::vector<double>& b, double shift) {
  if (a.size() != b.size()) return false;
  constexpr double tolerance_cells = 1e-4;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double width = i == 0 ? a[1] - a[0] : a[i] - a[i - 1];
    if (std::abs(a[i] + shift - b[i]) > tolerance_cells * width) return false;
  }
  return true;
}

std::string latitude_text(double degrees) {
  return fmt::format("{:g}{}", std::abs(degrees), degrees < 0 ? "S" : "N");
}

std::string longitude_text(double degrees) {
  return fmt::format("{:g}{}", std::abs(degrees), degrees < 0 ? "W" : "E");
}

}  // namespace

Grid grid_around(std::vector<double> latitude_points, std::vector<double> longitude_points) {
  require_increasing(latitude_points, "latitude");
  require_increasing(longitude_points, "longitude");
  require_on_sphere(latitude_points);
  for (double& latitude : latitude_points) latitude = std::clamp(latitude, -pole, pole);
  Grid grid;
  grid.latitude.edge = edges_between(latitude_points);
  std::vector<double>& edges = grid.latitude.edge;
  const std::size_t n = latitude_points.size();
  if (edges.front() < 0) edges.front() = end_at_pole(edges.front(), edges[1] - edges[0]);
  if (edges.back() > 0) edges.back() = end_at_pole(edges.back(), edges[n] - edges[n - 1]);
  grid.latitude.centre = std::move(latitude_points);
  grid.longitude.edge = edges_between(longitude_points);
  grid.longitude.centre = std::move(longitude_points);
  grid.periodic = close_circle(grid.longitude.edge);
  return grid;
}

Grid regular_grid(const RegularCells& cells) {
  if (cells.n_rows == 0 || cells.n_columns == 0 || cells.step_latitude <= 0 ||
      cells.step_longitude <= 0) {
    throw InputError({.problem = "a grid without cells",
                      .value = fmt::format("{} x {}", cells.n_rows, cells.n_columns),
                      .why = fmt::format("steps {:g} and {:g} degrees", cells.step_latitude,
                                         cells.step_longitude),
                      .advice = "give positive numbers of cells and positive steps"});
  }
  Grid grid;
  grid.latitude.edge = equal_edges(cells.south_edge, cells.step_latitude, cells.n_rows);
  require_on_sphere(grid.latitude.edge);
  for (double& edge : grid.latitude.edge) edge = std::clamp(edge, -pole, pole);
  grid.latitude.centre = centres_of(grid.latitude.edge);
  grid.longitude.edge = equal_edges(cells.west_edge, cells.step_longitude, cells.n_columns);
  grid.periodic = close_circle(grid.longitude.edge);
  grid.longitude.centre = centres_of(grid.longitude.edge);
  return grid;
}

Array<double, 2> cell_areas(const Grid& grid) {
  constexpr double radian = std::numbers::pi / 180.0;
  const auto& north = grid.latitude.edge;
  const auto& east = grid.longitude.edge;
  Array<double, 2> areas({grid.n_rows(), grid.n_columns()});
  for (std::size_t y = 0; y < grid.n_rows(); ++y) {
    const double height = std::sin(north[y + 1] * radian) - std::sin(north[y] * radian);
    for (std::size_t x = 0; x < grid.n_columns(); ++x) {
      areas(y, x) = (east[x + 1] - east[x]) * radian * height;
    }
  }
  return areas;
}

bool same_grid(const Grid& a, const Grid& b) {
  if (a.periodic != b.periodic) return false;
  const double offset = b.longitude.edge.front() - a.longitude.edge.front();
  const double shift = full_circle * std::round(offset / full_circle);
  return same_edges(a.latitude.edge, b.latitude.edge, 0) &&
         same_edges(a.longitude.edge, b.longitude.edge, shift);
}

std::string describe(const Grid& grid) {
  const auto& latitude = grid.latitude.centre;
  const auto& longitude = grid.longitude.centre;
  return fmt::format("{} x {}, {}..{}, {}..{}, {}", grid.n_rows(), grid.n_columns(),
                     latitude_text(latitude.front()), latitude_text(latitude.back()),
                     longitude_text(longitude.front()), longitude_text(longitude.back()),
                     grid.periodic ? "global" : "regional");
}

}  // namespace hindscale
