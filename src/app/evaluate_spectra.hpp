// SPDX-License-Identifier: Apache-2.0
// Spectra of the fields that are scored, and of the truth in the training years.
#pragma once

#include "evaluate_months.hpp"

namespace hindscale {

/// Of a field [y, x], of the evaluation's kind; cells of zero weight [y, x] are missing.
Spectrum spectrum_of(const EvaluationSetup& setup, View<const float, 2> field,
                     View<const double, 2> weight);

/// The truth's mean spectrum over the store's training months, of all cells with data. Members
/// follow the years they were learnt from: where these had other power than the months scored, so
/// have members. Without power where the store holds no such month. Collective; every rank returns
/// the same.
Spectrum training_spectrum(const EvaluationSetup& setup, const ScoredVariable& variable);

}  // namespace hindscale
