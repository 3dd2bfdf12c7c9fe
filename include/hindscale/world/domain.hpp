// SPDX-License-Identifier: Apache-2.0
// The grids of a generated world, and the order of its variables.
#pragma once

#include <array>
#include <cstddef>

#include "hindscale/core/array.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/namelist/world_options.hpp"

namespace hindscale::world {

/// The order of variables in every array [variable, y, x]: m s-1, m s-1, K, Pa, kg m-2 s-1.
enum Variable : std::size_t { uas, vas, tas, ps, pr };
constexpr std::size_t n_variables = 5;
constexpr std::size_t n_gaussian = 4;  ///< all but precipitation, which comes last
constexpr std::array<const char*, n_variables> variable_names{"uas", "vas", "tas", "ps", "pr"};

using Field = Array<double, 2>;   ///< [y, x]
using Fields = Array<double, 3>;  ///< [variable, y, x]

/// Fine cells nested in coarse ones.
struct Domain {
  Grid fine;
  Grid coarse;
  std::size_t refinement = 1;  ///< fine cells along each side of a coarse cell
  double fine_step = 0;        ///< degrees
  double coarse_step = 0;      ///< degrees
};

Domain domain_of(const WorldOptions& options);

inline Field field_on(const Grid& grid) {
  return Field({grid.n_rows(), grid.n_columns()});
}

}  // namespace hindscale::world
