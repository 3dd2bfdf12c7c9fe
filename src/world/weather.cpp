// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/weather.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "hindscale/random/random.hpp"
#include "hindscale/world/climate.hpp"

namespace hindscale::world {
namespace {

constexpr double synoptic_step = 12;      // degrees between the nodes of the large scales
constexpr double small_step_cells = 1.5;  // coarse cells between those of the smaller ones
constexpr double small_weight = 0.35;  // of the smaller scales, where their nodes are as far apart
constexpr std::size_t n_scales = 2;

// Weights of this month's noise and of those before: correlation 0.54 over one month, 0.21 over
// two.
constexpr std::array<double, 3> memory{1.0, 0.6, 0.3};

/// Values of the four cubic B-splines that reach a point `s` (0 .. 1) between two nodes, and their
/// derivatives.
struct Splines {
  std::array<double, 4> value, slope;
  explicit Splines(double s) {
    const double t = 1 - s;
    value = {t * t * t / 6, (4 - 6 * s * s + 3 * s * s * s) / 6,
             (4 - 6 * t * t + 3 * t * t * t) / 6, s * s * s / 6};
    slope = {-t * t / 2, (3 * s * s - 4 * s) / 2, (4 * t - 3 * t * t) / 2, s * s / 2};
  }
};

constexpr double spline_mean_square = 151.0 / 315;  // sum of squares of the four, mean over s

/// The nodes that reach the points of an axis, numbered over the globe so that a node has one
/// number in any domain.
struct Nodes {
  double origin, step;
  std::uint64_t first;
  std::size_t n;
  Nodes(const Axis& axis, double axis_origin, double distance)
      : origin(axis_origin), step(distance) {
    first = interval(axis.centre.front()) - 1;
    n = interval(axis.centre.back()) - first + 3;
  }
  [[nodiscard]] double place(double point) const { return (point - origin) / step; }
  [[nodiscard]] std::uint64_t interval(double point) const {
    return static_cast<std::uint64_t>(std::floor(place(point)));
  }
};

/// One lattice and its noise.
class Lattice {
 public:
  Lattice(const Grid& grid, double step)
      : grid_(grid),
        rows_(grid.latitude, south, step),
        columns_(grid.longitude, west, step),
        nodes_({n_latents, rows_.n, columns_.n}) {}

  /// Adds `weight` times the noise of a stream to the nodes of a latent field.
  void add_noise(const StreamKey& key, std::size_t latent, double weight) {
    const auto row_length = static_cast<std::uint64_t>(std::ceil((east - west) / columns_.step));
    std::vector<float> line(columns_.n);
    for (std::size_t y = 0; y < rows_.n; ++y) {
      fill_normal(key, (rows_.first + y) * row_length + columns_.first, line);
      for (std::size_t x = 0; x < line.size(); ++x)
        nodes_(latent, y, x) += weight * static_cast<double>(line[x]);
    }
  }

  void add_to(Weather& sum) const {
    for (std::size_t y = 0; y < grid_.n_rows(); ++y)
      for (std::size_t x = 0; x < grid_.n_columns(); ++x) add_point(y, x, sum);
  }

 private:
  static constexpr double south = -120, west = -480, east = 840;  // of any domain and its nodes

  void add_point(std::size_t y, std::size_t x, Weather& sum) const {
    const double latitude = grid_.latitude.centre[y], longitude = grid_.longitude.centre[x];
    const std::uint64_t row = rows_.interval(latitude), column = columns_.interval(longitude);
    const Splines up(rows_.place(latitude) - static_cast<double>(row));
    const Splines right(columns_.place(longitude) - static_cast<double>(column));
    for (std::size_t b = 0; b < 4; ++b) {
      for (std::size_t a = 0; a < 4; ++a) {
        const auto j = static_cast<std::size_t>(row - rows_.first - 1) + b;
        const auto i = static_cast<std::size_t>(column - columns_.first - 1) + a;
        for (std::size_t k = 0; k < n_latents; ++k)
          sum.latent(k, y, x) += up.value[b] * right.value[a] * nodes_(k, j, i);
        sum.high_x(y, x) += up.value[b] * right.slope[a] * nodes_(high, j, i) / columns_.step;
        sum.high_y(y, x) += up.slope[b] * right.value[a] * nodes_(high, j, i) / rows_.step;
      }
    }
  }

  const Grid& grid_;
  Nodes rows_, columns_;
  Fields nodes_;
};

}  // namespace

Weather weather_of(const Grid& coarse, double coarse_step, std::uint64_t seed, Month month,
                   const Witness& witness) {
  const Shape<2> shape{coarse.n_rows(), coarse.n_columns()};
  Weather sum{Fields({n_latents, shape[0], shape[1]}), Field(shape), Field(shape)};
  const double small_step = small_step_cells * coarse_step;
  // So that finer coarse cells do not make the wind, a gradient, rough.
  const double small_share =
      small_weight * std::min(1.0, std::pow(small_step / synoptic_step, 2.0 / 3));
  double norm = 0;
  for (const double weight : memory) norm += weight * weight;
  for (std::size_t i_scale = 0; i_scale < n_scales; ++i_scale) {
    Lattice lattice(coarse, i_scale == 0 ? synoptic_step : small_step);
    const double share = i_scale == 0 ? std::sqrt(1 - small_share * small_share) : small_share;
    for (const bool own : {false, true}) {
      const double part = own ? witness.doubt : 1 - witness.doubt;
      if (part <= 0) continue;
      for (std::size_t lag = 0; lag < memory.size(); ++lag) {
        const double weight = share * memory[lag] * std::sqrt(part / norm) / spline_mean_square;
        for (std::size_t k = 0; k < n_latents; ++k) {
          const StreamKey key{seed, Purpose::world_weather,
                              own ? static_cast<std::uint64_t>(witness.member) : 0,
                              month_key(month + -static_cast<int>(lag)),
                              static_cast<std::uint32_t>(k * n_scales + i_scale)};
          lattice.add_noise(key, k, weight);
        }
      }
    }
    lattice.add_to(sum);
  }
  return sum;
}

}  // namespace hindscale::world
