// SPDX-License-Identifier: Apache-2.0
// Which settings of a regression err least on the validation months.
#pragma once

#include "hindscale/comm/communicator.hpp"
#include "ridge_row.hpp"

namespace hindscale {

/// The rows of coarse cells that this rank fits.
Block coarse_rows_of(const Communicator& comm, const StoreContent& content);

/// Of all windows and penalties. Collective.
RegressionFit choose_ridge(const Communicator& comm, const RidgeData& data,
                           const StoreWriter& writer, const DatasetOptions& options);

/// One setting after the other, beginning from those of the ridge: harmonics, then window and decay
/// together, then the penalty. Collective.
RegressionFit choose_local_ridge(const Communicator& comm, const RidgeData& data,
                                 const StoreWriter& writer, const DatasetOptions& options);

}  // namespace hindscale
