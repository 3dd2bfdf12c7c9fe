// SPDX-License-Identifier: Apache-2.0
#include "hindscale/world/domain.hpp"

#include <cmath>

namespace hindscale::world {

Domain domain_of(const WorldOptions& options) {
  Domain domain;
  domain.fine_step = options.fine_step;
  domain.coarse_step = options.coarse_step;
  domain.refinement =
      static_cast<std::size_t>(std::lround(options.coarse_step / options.fine_step));
  RegularCells cells;
  cells.west_edge = options.west;
  cells.south_edge = options.south;
  cells.step_longitude = cells.step_latitude = options.coarse_step;
  cells.n_columns =
      static_cast<std::size_t>(std::lround((options.east - options.west) / options.coarse_step));
  cells.n_rows =
      static_cast<std::size_t>(std::lround((options.north - options.south) / options.coarse_step));
  domain.coarse = regular_grid(cells);
  cells.step_longitude = cells.step_latitude = options.fine_step;
  cells.n_columns *= domain.refinement;
  cells.n_rows *= domain.refinement;
  domain.fine = regular_grid(cells);
  return domain;
}

}  // namespace hindscale::world
