// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/terrain.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hindscale/io/source.hpp"
#include "hindscale/world/climate.hpp"

namespace hindscale::world {
namespace {

constexpr double half_rough_m = 250;     // deviation of height at which `rough` is 1/2
constexpr double valley_depth_m = 300;   // below its surroundings
constexpr double half_steep = 0.004;     // slope at which `across` is 1/2
constexpr double continent_reach = 8.0;  // degrees: a land mass is felt so far

double clamped(const Field& field, long y, long x) {
  const long rows = static_cast<long>(field.extent(0)),
             columns = static_cast<long>(field.extent(1));
  return field(static_cast<std::size_t>(std::clamp(y, 0L, rows - 1)),
               static_cast<std::size_t>(std::clamp(x, 0L, columns - 1)));
}

/// Means over windows of 2 radius + 1 cells each way, the outermost values held.
Field window_means(const Field& field, std::size_t radius) {
  const long r = static_cast<long>(radius);
  const auto along = [&](const Field& from, long dy, long dx) {
    Field to(from.shape());
    for (std::size_t y = 0; y < from.extent(0); ++y) {
      for (std::size_t x = 0; x < from.extent(1); ++x) {
        double sum = 0;
        for (long k = -r; k <= r; ++k)
          sum += clamped(from, static_cast<long>(y) + k * dy, static_cast<long>(x) + k * dx);
        to(y, x) = sum / static_cast<double>(2 * r + 1);
      }
    }
    return to;
  };
  return along(along(field, 0, 1), 1, 0);
}

/// Gradient (eastward, northward) per metre by central differences, one-sided at the borders.
std::pair<Field, Field> gradient(const Field& field, const Grid& grid, double step) {
  Field east(field.shape()), north(field.shape());
  for (std::size_t y = 0; y < field.extent(0); ++y) {
    const long j = static_cast<long>(y);
    const double dy = step * metres_per_degree;
    const double dx = dy * std::cos(grid.latitude.centre[y] * degree);
    for (std::size_t x = 0; x < field.extent(1); ++x) {
      const long i = static_cast<long>(x);
      east(y, x) = (clamped(field, j, i + 1) - clamped(field, j, i - 1)) / (2 * dx);
      north(y, x) = (clamped(field, j + 1, i) - clamped(field, j - 1, i)) / (2 * dy);
    }
  }
  return {east, north};
}

void set_relief_forms(Terrain& terrain, std::size_t near, std::size_t far) {
  const Field& height = terrain.height_m;
  Field squares(height.shape());
  for (std::size_t i = 0; i < squares.size(); ++i)
    squares.flat()[i] = height.flat()[i] * height.flat()[i];
  const Field mean = window_means(height, near), mean_square = window_means(squares, near);
  const Field around = window_means(height, far);
  terrain.rough = terrain.valley = terrain.ridge = Field(height.shape());
  for (std::size_t i = 0; i < height.size(); ++i) {
    const double deviation =
        std::sqrt(std::max(0.0, mean_square.flat()[i] - mean.flat()[i] * mean.flat()[i]));
    terrain.rough.flat()[i] = deviation / (deviation + half_rough_m);
    const double form = std::tanh((height.flat()[i] - around.flat()[i]) / valley_depth_m);
    terrain.valley.flat()[i] = std::max(0.0, -form) * terrain.land.flat()[i];
    terrain.ridge.flat()[i] = std::max(0.0, form);
  }
}

/// From the structure tensor: the mean of the outer product of the slope with itself.
void set_across(Terrain& terrain, std::size_t near) {
  const Shape<2> shape = terrain.height_m.shape();
  Field xx(shape), xy(shape), yy(shape);
  for (std::size_t i = 0; i < xx.size(); ++i) {
    const double sx = terrain.slope_x.flat()[i], sy = terrain.slope_y.flat()[i];
    xx.flat()[i] = sx * sx;
    xy.flat()[i] = sx * sy;
    yy.flat()[i] = sy * sy;
  }
  xx = window_means(xx, near);
  xy = window_means(xy, near);
  yy = window_means(yy, near);
  terrain.across_xx = terrain.across_xy = terrain.across_yy = Field(shape);
  for (std::size_t i = 0; i < xx.size(); ++i) {
    const double half_trace = (xx.flat()[i] + yy.flat()[i]) / 2;
    const double half_difference = (xx.flat()[i] - yy.flat()[i]) / 2;
    const double half_gap = std::hypot(half_difference, xy.flat()[i]);
    if (half_gap <= 0) continue;
    const double steep = std::sqrt(half_trace + half_gap);
    const double strength = half_gap / half_trace * steep / (steep + half_steep);
    // The projector on the eigenvector of the larger eigenvalue.
    terrain.across_xx.flat()[i] = strength * (1 + half_difference / half_gap) / 2;
    terrain.across_yy.flat()[i] = strength * (1 - half_difference / half_gap) / 2;
    terrain.across_xy.flat()[i] = strength * xy.flat()[i] / half_gap / 2;
  }
}

Field remapped(const Grid& from, const Array<float, 2>& source, const Grid& to) {
  Array<float, 2> target({to.n_rows(), to.n_columns()});
  ConservativeRemap(from, to).apply(source, target);
  Field result(target.shape());
  std::ranges::copy(target.flat(), result.data());
  return result;
}

/// Land fraction in cells of one degree, as far around the domain as a continent reaches.
struct Surroundings {
  Grid grid;
  Field land;
};

Surroundings surroundings_of(const Domain& domain, const Grid& source,
                             const Array<float, 2>& is_land) {
  constexpr double reach = 3 * continent_reach;
  const double south = std::max(std::ceil(source.latitude.edge.front()),
                                std::floor(domain.fine.latitude.edge.front() - reach));
  const double north = std::min(std::floor(source.latitude.edge.back()),
                                std::ceil(domain.fine.latitude.edge.back() + reach));
  double west = std::floor(domain.fine.longitude.edge.front() - reach);
  double east = std::ceil(domain.fine.longitude.edge.back() + reach);
  if (!source.periodic) {
    west = std::max(west, std::ceil(source.longitude.edge.front()));
    east = std::min(east, std::floor(source.longitude.edge.back()));
  }
  RegularCells cells{west,
                     south,
                     1,
                     1,
                     static_cast<std::size_t>(std::min(360.0, east - west)),
                     static_cast<std::size_t>(north - south)};
  Surroundings result;
  result.grid = regular_grid(cells);
  result.land = remapped(source, is_land, result.grid);
  return result;
}

/// Land about a point, weighted by a bell of `continent_reach`.
double continent_at(const Surroundings& around, double latitude, double longitude) {
  double sum = 0, weight_sum = 0;
  for (std::size_t y = 0; y < around.grid.n_rows(); ++y) {
    const double row = around.grid.latitude.centre[y];
    const double dy = row - latitude;
    if (std::abs(dy) > 3 * continent_reach) continue;
    for (std::size_t x = 0; x < around.grid.n_columns(); ++x) {
      const double dx = (around.grid.longitude.centre[x] - longitude) * std::cos(latitude * degree);
      const double distance = (dx * dx + dy * dy) / (2 * continent_reach * continent_reach);
      if (distance > 4.5) continue;
      const double weight = std::exp(-distance) * std::cos(row * degree);
      sum += weight * around.land(y, x);
      weight_sum += weight;
    }
  }
  return weight_sum > 0 ? sum / weight_sum : 0;
}

void set_continent(const Domain& domain, const Surroundings& around, CoarseTerrain& coarse) {
  coarse.continent = coarse.continent_x = coarse.continent_y = field_on(domain.coarse);
  for (std::size_t y = 0; y < domain.coarse.n_rows(); ++y) {
    for (std::size_t x = 0; x < domain.coarse.n_columns(); ++x) {
      const double latitude = domain.coarse.latitude.centre[y];
      const double longitude = domain.coarse.longitude.centre[x];
      const double east = metres_per_degree * std::cos(latitude * degree);
      coarse.continent(y, x) = continent_at(around, latitude, longitude);
      coarse.continent_x(y, x) = (continent_at(around, latitude, longitude + 1) -
                                  continent_at(around, latitude, longitude - 1)) /
                                 (2 * east);
      coarse.continent_y(y, x) = (continent_at(around, latitude + 1, longitude) -
                                  continent_at(around, latitude - 1, longitude)) /
                                 (2 * metres_per_degree);
    }
  }
}

Field coarsened(const Domain& domain, const Refinement& refinement, const Field& fine) {
  Field coarse = field_on(domain.coarse);
  refinement.coarsen(fine, coarse);
  return coarse;
}

}  // namespace

Terrain terrain_from(const Domain& domain, Field height_m, Field land) {
  const std::size_t near = std::max<std::size_t>(1, domain.refinement / 5);
  const std::size_t far = std::max<std::size_t>(1, domain.refinement / 2);
  Terrain terrain;
  terrain.height_m = std::move(height_m);
  terrain.land = std::move(land);
  std::tie(terrain.slope_x, terrain.slope_y) =
      gradient(window_means(terrain.height_m, near / 2), domain.fine, domain.fine_step);
  set_relief_forms(terrain, near, far);
  set_across(terrain, near);
  std::tie(terrain.shore_x, terrain.shore_y) =
      gradient(window_means(terrain.land, near), domain.fine, domain.fine_step);
  const double width_m = domain.coarse_step * metres_per_degree / 5;  // of a full shore
  for (std::size_t i = 0; i < terrain.land.size(); ++i) {
    terrain.shore_x.flat()[i] = std::tanh(terrain.shore_x.flat()[i] * width_m);
    terrain.shore_y.flat()[i] = std::tanh(terrain.shore_y.flat()[i] * width_m);
  }
  return terrain;
}

Ground survey(const Domain& domain, const Refinement& refinement, const std::string& relief_file,
              const std::string& relief_name) {
  const Source source(SourceRequest{{relief_file}, relief_name, "orog", "m"});
  const Grid& grid = source.grid();
  Array<float, 2> height({grid.n_rows(), grid.n_columns()}), is_land = height;
  source.read(0, height);
  for (std::size_t i = 0; i < height.size(); ++i) {
    float& value = height.flat()[i];
    is_land.flat()[i] = value > 0 ? 1.0F : 0.0F;
    if (!(value > 0)) value = 0;
  }
  Ground ground;
  ground.fine = terrain_from(domain, remapped(grid, height, domain.fine),
                             remapped(grid, is_land, domain.fine));
  CoarseTerrain& coarse = ground.coarse;
  coarse.height_m = coarsened(domain, refinement, ground.fine.height_m);
  coarse.land = coarsened(domain, refinement, ground.fine.land);
  coarse.rough = coarsened(domain, refinement, ground.fine.rough);
  std::tie(coarse.slope_x, coarse.slope_y) =
      gradient(coarse.height_m, domain.coarse, domain.coarse_step);
  set_continent(domain, surroundings_of(domain, grid, is_land), coarse);
  return ground;
}

}  // namespace hindscale::world
