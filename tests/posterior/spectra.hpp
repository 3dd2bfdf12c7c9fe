// SPDX-License-Identifier: Apache-2.0
// Modes of the world's fields: the law of their power, and what the sampler's steps make of it.
#pragma once

#include <torch/types.h>

#include <vector>

#include "posterior/trial.hpp"
#include "posterior/world.hpp"

namespace hindscale {

/// For each mode of the two-dimensional transform, [n_cells]: its wavenumber, rounded, the last
/// ring with the corner beyond; and its wavenumber along rows.
torch::Tensor rings(const PosteriorWorld& world);
torch::Tensor zonal_waves(const PosteriorWorld& world);

/// Sums of values [..., n_cells] over the modes of each group.
torch::Tensor grouped(const torch::Tensor& values, const torch::Tensor& group);

/// Mean power of each mode of fields [n, 1, side, side], [n_cells], double.
torch::Tensor mode_power(const torch::Tensor& fields);

/// Law of the power of one member of each of many fields: by group of modes, the exact power, that
/// of the exact posterior mean, and the relative standard error of the power of members over
/// `n_fields` when that of the posterior means of the same coarse fields is known and its distance
/// from the expected one taken off.
struct PowerLaw {
  std::vector<double> power{}, of_mean{}, standard_error{};
};
PowerLaw power_law(const PosteriorWorld& world, const torch::Tensor& group, std::int64_t n_fields);

std::vector<double> to_vector(const torch::Tensor& values);

}  // namespace hindscale
