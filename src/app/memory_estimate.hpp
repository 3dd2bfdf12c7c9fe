// SPDX-License-Identifier: Apache-2.0
// How much memory a rank of a reconstruction takes at its peak, and what one of a training keeps.
#pragma once

#include "hindscale/dataset/store_content.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/tiling/tiling.hpp"

namespace hindscale {

/// What a rank's memory follows from.
struct MemoryCase {
  const Options& options;
  const StoreContent& content;
  const FieldNetwork& network;
  const TileLayout& layout;
};

/// Bytes at the peak: the program and its libraries, the tables of the baselines, the
/// network, and the larger of what sampling and statistics over the members need. An estimate.
double reconstruction_bytes(const MemoryCase& c);

/// Months whose samples a rank of a training keeps (training/cache_mib).
std::size_t samples_kept(const MemoryCase& c);

/// Bytes of a training's weights (with average, gradient and two moments) and of the samples that a
/// rank keeps, besides the program and the network's activations.
double training_bytes(const MemoryCase& c);

/// Whether a node has so many bytes; where its memory is not known, it has.
bool fits_node(const MachineOptions& machine, double bytes);

/// Largest resident set of this process so far, bytes.
double peak_bytes();

}  // namespace hindscale
