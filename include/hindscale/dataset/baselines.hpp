// SPDX-License-Identifier: Apache-2.0
// Climatologies and the ridge regression of Lerp's error, fitted on the training years.
#pragma once

#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/array.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// Fits the climatologies [12, v, y, x] of fine fields, coarse fields and Lerp's error, the range
/// of the training values and the mask of cells present in every month, writes them and sets
/// `has_missing`. Rows are spread over the ranks, months summed in order: the same bytes for any
/// number of ranks. Collective.
void fit_climatologies(const Communicator& comm, StoreWriter& writer, StoreContent& content);

/// Fits, for each fine cell, a ridge regression of the corrected Lerp's error on the coarse
/// anomalies of all variables in a window around its coarse cell: B = (X'X + penalty * trace(X'X) /
/// k * I)^-1 X'Y. Window and penalty minimise the error on the validation months. Training months
/// get the estimate fitted without their own year. Writes coefficients, estimates and the Gaussian
/// spread scaled on the validation months; records the settings in `content`. Where the options ask
/// for it, likewise the local ridge, which knows where its predictors lie: anomalies count from a
/// smooth seasonal cycle, and those of cells farther off are damped more. Collective.
void fit_ridge(const Communicator& comm, StoreWriter& writer, StoreContent& content,
               const DatasetOptions& options);

/// Where the predictors of coarse cell (row, column) lie in a coarse field [cy, cx]: the cells of
/// the `size` x `size` window around it, row by row; rows are clipped at the borders, columns wrap
/// where the grid is periodic and are clipped otherwise.
std::vector<std::size_t> ridge_window_cells(const Grid& coarse, std::size_t row, std::size_t column,
                                            int size);

/// The coarse row (column) that holds the centre of each fine row (column); centres on an edge
/// belong to the lower cell, centres outside to the nearest. Longitudes are compared modulo 360.
std::vector<std::size_t> home_rows(const Grid& fine, const Grid& coarse);
std::vector<std::size_t> home_columns(const Grid& fine, const Grid& coarse);

}  // namespace hindscale
