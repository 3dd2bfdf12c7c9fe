// SPDX-License-Identifier: Apache-2.0
#include "evaluate_spectra.hpp"

#include <cmath>
#include <numbers>

namespace hindscale {
namespace {

/// Distances between cells in the middle of the domain.
Spacing spacing_km(const Grid& grid) {
  constexpr double earth_radius_km = 6371;
  constexpr double km_a_degree = earth_radius_km * std::numbers::pi / 180;
  const auto step = [](const Axis& axis) {
    return (axis.edge.back() - axis.edge.front()) / static_cast<double>(axis.size());
  };
  const double middle = (grid.latitude.edge.front() + grid.latitude.edge.back()) / 2;
  return {step(grid.longitude) * km_a_degree * std::cos(middle * std::numbers::pi / 180),
          step(grid.latitude) * km_a_degree};
}

}  // namespace

Spectrum spectrum_of(const EvaluationSetup& setup, View<const float, 2> field,
                     View<const double, 2> weight) {
  if (setup.spectrum == SpectrumKind::zonal) return zonal_spectrum(field, weight);
  return radial_spectrum(field, weight, spacing_km(setup.fields.content().fine));
}

Spectrum training_spectrum(const EvaluationSetup& setup, const ScoredVariable& variable) {
  const FieldProvider& fields = setup.fields;
  const Communicator& comm = setup.context.comm;
  const std::vector<std::size_t> positions = fields.content().months_to_learn();
  std::vector<Spectrum> months;
  for_own_months(comm, positions, [&](std::size_t position) {
    const Array<float, 2> truth = fields.truth(variable, position), valid = fields.valid(variable);
    const std::vector<View<const float, 2>> needed{truth, valid};
    months.push_back(spectrum_of(setup, truth, valid_weights(fields.areas(), needed)));
  });
  if (positions.empty()) return {};
  return mean_spectrum(spectra_of(gather_blocks(comm, values_of(months)), positions.size()));
}

}  // namespace hindscale
