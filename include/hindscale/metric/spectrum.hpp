// SPDX-License-Identifier: Apache-2.0
// Power spectra of fields: along latitude circles of global grids, radial ones of regional fields.
#pragma once

#include <span>
#include <vector>

#include "hindscale/core/array.hpp"

namespace hindscale {

/// Power against wavenumber.
struct Spectrum {
  /// Zonal: waves round the globe; radial: cycles per unit of the spacing.
  std::vector<double> wavenumber;
  /// Unit of the field squared; the sum is the mean square. NaN where undefined.
  std::vector<double> power;
};

/// Zonal spectrum of a field [y, x] whose columns go once round the globe: wavenumbers 0 .. n / 2,
/// power of a row |F_k / n|^2, twice that for waves that occur as k and -k, averaged over the rows
/// with their summed weight [y, x]. The powers sum to the weighted mean square of the field
/// (Parseval), where weights do not change along a row. Rows with a cell of zero weight are left
/// out; NaN where none is left.
Spectrum zonal_spectrum(View<const float, 2> field, View<const double, 2> weight);

/// Distance of neighbouring cells, e.g. in km at the middle of the domain.
struct Spacing {
  double along_columns = 1;  ///< between neighbours in a row (x)
  double along_rows = 1;     ///< between neighbours in a column (y)
};

/// Radial spectrum of a regional field [y, x]: a plane fitted by least squares is removed, a Hann
/// window sin^2(pi (i + 1/2) / n) applied along both axes, the power of the two-dimensional
/// transform summed over rings of width 1 / (longest side), and divided by the window's mean
/// square, so that white noise keeps its variance as the sum. Cells of zero weight are left out of
/// the fit and set to zero after it (the weights serve as a mask only). The rings reach the corner
/// of the transform; beyond the smaller of the Nyquist wavenumbers they are incomplete. NaN where
/// the valid cells lie on one line.
Spectrum radial_spectrum(View<const float, 2> field, View<const double, 2> weight,
                         const Spacing& spacing);

/// Mean over months, in the order given, of spectra with the same wavenumbers; undefined ones are
/// left out.
Spectrum mean_spectrum(std::span<const Spectrum> months);

/// Months as one block of doubles, wavenumbers and powers, and back: all of `n_months`, with as
/// many wavenumbers each; a rank without months of its own need not know how many.
std::vector<double> values_of(std::span<const Spectrum> months);
std::vector<Spectrum> spectra_of(std::span<const double> values, std::size_t n_months);

}  // namespace hindscale
