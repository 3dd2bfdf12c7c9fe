// SPDX-License-Identifier: Apache-2.0
// What fields do across given edges of their grid.
#pragma once

#include <cstddef>
#include <vector>

#include "hindscale/core/array.hpp"

namespace hindscale {

/// Edges of a grid [y, x], named by the row (column) behind each. Column 0 is the edge between the
/// last column and the first.
struct GridEdges {
  std::vector<std::size_t> rows;
  std::vector<std::size_t> columns;
};

/// Sum of squared differences between neighbours across the edges; neighbours that are not both
/// finite are left out.
double squared_steps(View<const float, 2> field, const GridEdges& edges);

/// Sum of the variance over members (ddof 1) of fields [m, y, x] over the cells within `reach`
/// cells of an edge, each counted once; cells where a member is not finite are left out. At least
/// two members.
double variance_near(View<const float, 3> fields, const GridEdges& edges, std::size_t reach);

}  // namespace hindscale
