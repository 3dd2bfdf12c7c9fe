// SPDX-License-Identifier: Apache-2.0
// Functions that make skewed variables easier to learn, their inverses, and their fit.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// Named arrays that turn physical fields into network units; fitted on the training months, kept
/// in every checkpoint.
using Normalisation = std::map<std::string, Array<double, 3>>;

/// Box and Cox (1964): ((x / unit + offset)^lambda - 1) / lambda, the logarithm where lambda = 0.
/// Negative x count as 0.
double box_cox(const TransformParameters& parameters, double value);
/// Its inverse, not less than 0, and 0 exactly for what 0 becomes in single precision.
double inverse_box_cox(const TransformParameters& parameters, double transformed);

/// The power in [0, 2], to four decimals, under which the transformed values are most likely a
/// sample of one normal distribution: the maximum of -log(variance) / 2 + (lambda - 1) mean(log x).
/// `logarithms` are those of the (positive) values.
double most_likely_lambda(std::span<const double> logarithms, std::span<const double> weights);

/// Fits what dataset/transforms asks for on the training months: the unit and power of 'boxcox',
/// the unit and the range of each cell of 'minmax'; writes the ranges, sets
/// `content.transform_parameters`. Cells count by their area. The same bytes for any number of
/// ranks. InputError where 'log1p' or 'boxcox' would get negative values, or values that are all 0.
/// After `fit_climatologies`. Collective.
void fit_transforms(const Communicator& comm, StoreWriter& writer, StoreContent& content,
                    const DatasetOptions& options);

/// What the transforms of a store need beyond their names: "power" [v, 1, 3] (lambda, offset, unit)
/// where there is a 'boxcox', "least" and "width" [v, y, x] where there is a 'minmax'.
Normalisation transform_arrays(const StoreReader& reader, const StoreContent& content);
/// The shapes of these arrays.
std::map<std::string, Shape<3>> transform_shapes(const StoreContent& content);

/// The transforms of all variables. 'minmax' takes the training range of a cell to 0 .. 1: (x -
/// least) / width, width = greatest - least + 1e-6 standard deviations of the variable, as
/// published for DPDM. Cells that vary by less than a thousandth of that deviation get a thousandth
/// of it.
class VariableTransforms {
 public:
  VariableTransforms() = default;
  /// `arrays`: those of `transform_arrays`, among others.
  VariableTransforms(const std::vector<std::string>& names, const Normalisation& arrays);

  /// The value of cell `i_cell` of variable `v`, transformed. NaN stays NaN.
  [[nodiscard]] float of(std::size_t v, std::size_t i_cell, float value) const;
  /// The same for a first guess, which need not be inverted: where 'minmax' would leave -1 .. 2 it
  /// is held there, so that cells that hardly vary are not blown up.
  [[nodiscard]] float of_guess(std::size_t v, std::size_t i_cell, float value) const;
  /// Back to physical units, in place. 'minmax' first clamps to 0 .. 1, as published.
  void invert(std::size_t v, View<float, 2> field) const;

 private:
  enum class Kind { identity, log1p, box_cox, min_max };
  std::vector<Kind> kinds_;
  std::vector<TransformParameters> parameters_;
  Array<double, 3> least_;
  Array<double, 3> width_;
};

}  // namespace hindscale
