// SPDX-License-Identifier: Apache-2.0
// The sources of an experiment and what a store made from them will hold.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/namelist/options.hpp"
#include "stage_support.hpp"

namespace hindscale {

/// The sources of an experiment and how its fields are cut from them.
struct PrepareInputs {
  FieldSources fine;
  std::optional<FieldSources> coarse;  ///< where the coarse field has files of its own
  Cut fine_cut;
  Cut coarse_cut;
  std::optional<Source> relief;  ///< height in m
  std::optional<Source> mask;    ///< land fraction
};

/// Opens every source, statics included; InputError where one is missing, damaged or does not fit
/// the others.
PrepareInputs open_prepare_inputs(const Options& options);

/// Variables, months, periods and grids. InputError naming months of the periods that a source
/// lacks.
StoreContent describe_content(const Options& options, const PrepareInputs& inputs);

/// Every source file, statics included.
std::vector<std::string> files_of(const Options& options, const PrepareInputs& inputs);

}  // namespace hindscale
