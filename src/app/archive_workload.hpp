// SPDX-License-Identifier: Apache-2.0
// The work of an archive, as the reconstruction would cut it.
#pragma once

#include "cost_model.hpp"
#include "hindscale/dataset/store_content.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/tiling/tiling.hpp"

namespace hindscale {

TileLayout layout_of(const Options& options, const StoreContent& content);

/// The archive that a reconstruction into an empty folder makes, `ranks_per_field` left to the
/// cost model. Of the content it needs variables and fine grid. InputError where the calls of the
/// sampler cannot be counted.
ArchiveWorkload workload_of(const Options& options, const StoreContent& content);

/// Bytes of a whole archive before compression: members, statistics and, where one is made, the
/// archive that shows the seams; where members are not kept, those that are there at a time while
/// so many ranks make it.
double disk_bytes(const Options& options, const StoreContent& content, std::int64_t n_ranks);

}  // namespace hindscale
