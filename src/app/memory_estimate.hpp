// SPDX-License-Identifier: Apache-2.0
// How much memory a rank takes at its peak.
#pragma once

#include "hindscale/comm/context.hpp"
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

/// Bytes at the peak of one of so many ranks of a training: the program, weights with average,
/// gradient and moments, samples kept, and the larger of a pass forward and backward on the CPU, a
/// checkpoint and a validation. An estimate, whose factors were measured with glibc.
double training_bytes(const MemoryCase& c, std::int64_t n_ranks);

/// Whether a node has so many bytes; where its memory is not known, it has.
bool fits_node(const MachineOptions& machine, double bytes);

/// Largest resident set of this process so far, bytes.
double peak_bytes();

/// The largest of all ranks, for the user to compare. Collective.
void log_peak_memory(const Context& context);

}  // namespace hindscale
