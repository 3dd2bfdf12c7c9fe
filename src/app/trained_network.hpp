// SPDX-License-Identifier: Apache-2.0
// A checkpoint made ready to generate fields for a sample store.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "hindscale/comm/context.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/sampler/generator.hpp"

namespace hindscale {

/// The network with the weights asked for, the conditioning it was trained with, and where they
/// come from.
struct TrainedNetwork {
  std::filesystem::path checkpoint;
  std::string checkpoint_sha256;
  std::string store_sha256;
  FieldNetwork network{nullptr};
  MeanModel mean;  ///< of CorrDiff
  std::optional<Conditioning> conditioning;
  DiffusionOptions diffusion;  ///< it was trained with
};

/// Reads reconstruct/checkpoint (default: the best) and fits it to the store. InputError where the
/// checkpoint is damaged, or its variables, channels or store are others. `store_sha256` is the
/// digest of the store file.
TrainedNetwork load_trained_network(const Options& options, const StoreReader& reader,
                                    const std::string& store_sha256);

}  // namespace hindscale
