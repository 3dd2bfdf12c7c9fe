// SPDX-License-Identifier: Apache-2.0
// The fine and coarse grids of an experiment, cut from the grids of its sources.
#pragma once

#include "hindscale/grid/grid.hpp"
#include "hindscale/grid/window.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// A rectangle cut from a source grid.
struct Cut {
  Window window;  ///< in the source
  Grid grid;      ///< of the cut
};

/// The cells whose centres lie within &domain west, east, south, north; the whole grid where these
/// are unset. InputError where none do.
Cut cut_domain(const Grid& source, const Options& options);

/// The coarse cells of &domain coarse_west, coarse_south, coarse_step that lie wholly within the
/// fine domain. InputError where they do not cover the centres of the fine cells.
Grid derived_coarse_grid(const Grid& fine, const Options& options);

/// The part of a coarse source grid that covers the fine domain, with one cell around it where
/// there is one. InputError where it does not cover it.
Cut cut_coarse(const Grid& source, const Grid& fine);

/// Where the cells of `wanted` lie in `source`. InputError where it does not have these very cells.
Cut locate(const Grid& source, const Grid& wanted);

}  // namespace hindscale
