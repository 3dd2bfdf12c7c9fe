// SPDX-License-Identifier: Apache-2.0
// The adjustment of the source that drives a reconstruction: fitted by 'prepare', read by
// 'reconstruct' and 'evaluate'.
#pragma once

#include <filesystem>
#include <optional>

#include "hindscale/comm/context.hpp"
#include "hindscale/dataset/adjustment.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

inline constexpr const char* adjustment_name = "adjustment.h5";  ///< in an archive's folder

/// Fits the source in reconstruct/coarse_files to the coarse fields of the finished store, and
/// writes it into the folder of the reconstruction; leaves a finished one as it is.
/// Both count the training years that the source has; the values of all its members are one sample.
/// A rank takes calendar months in turn and holds the values of one. Nothing is done where
/// reconstruct/adjustment is 'none'. Collective; InputError where the file was made with other
/// options, or source and training years have no month in common.
void prepare_adjustment(const Context& context, const Options& options);

/// The one that these options ask for, of the archive in `folder`. InputError where it is not there
/// or follows from others.
std::optional<Adjustment> read_adjustment(const Options& options, const StoreContent& content,
                                          const std::filesystem::path& folder);

}  // namespace hindscale
