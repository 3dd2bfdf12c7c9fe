// SPDX-License-Identifier: Apache-2.0
// What the law knows of the ground: real topography and what follows from it.
#pragma once

#include <array>
#include <string>

#include "hindscale/world/refinement.hpp"

namespace hindscale::world {

/// On the fine grid [y, x]. Lengths count in fine cells relative to a coarse one, so that a world
/// of another resolution looks alike.
struct Terrain {
  Field height_m;          ///< area mean, sea as 0
  Field land;              ///< area fraction above 0 m
  Field rough;             ///< 0 plain .. 1: standard deviation of height nearby, s / (s + 250 m)
  Field valley;            ///< 0 .. 1: how far it lies below its surroundings
  Field ridge;             ///< 0 .. 1: how far it stands above them
  Field slope_x, slope_y;  ///< of the height, eastward and northward, 1
  /// The part of a wind that terrain across its way takes: a symmetric matrix [[xx, xy], [xy, yy]]
  /// with eigenvalues in 0 .. 1.
  Field across_xx, across_xy, across_yy;
  Field shore_x, shore_y;  ///< direction from sea to land, of length 0 .. 1
};

/// On the coarse grid [cy, cx].
struct CoarseTerrain {
  Field height_m, land, rough;     ///< area means of the fine fields
  Field slope_x, slope_y;          ///< of the mean height
  Field continent;                 ///< 0 ocean .. 1 continent: land within some ten degrees
  Field continent_x, continent_y;  ///< its gradient, 1/m
};

struct Ground {
  Terrain fine;
  CoarseTerrain coarse;
};

/// Reads the relief and remaps it conservatively, as `prepare` does. InputError where the file is
/// no relief or does not cover the domain.
Ground survey(const Domain& domain, const Refinement& refinement, const std::string& relief_file,
              const std::string& relief_name);

/// From a height above the sea (negative: sea floor) on the fine grid and a land fraction; for
/// tests.
Terrain terrain_from(const Domain& domain, Field height_m, Field land);

}  // namespace hindscale::world
