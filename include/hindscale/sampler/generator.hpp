// SPDX-License-Identifier: Apache-2.0
// Realizations of whole fields: one global noise field a member, overlapping tiles fused at every
// step.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <span>

#include "hindscale/core/array.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/model/unet.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/sampler/sampler.hpp"
#include "hindscale/tiling/tiling.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

struct GeneratorOptions {
  SamplerConfig sampler;
  TilingOptions tiling;
  std::int64_t batch = 8;         ///< network inputs a call; short calls are padded to it
  std::int64_t timesteps = 1000;  ///< of the schedule
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::sample_noise;
};

/// One field to make. `inputs` belongs to the caller and outlives the call.
struct FieldJob {
  Month month;
  std::int64_t member = 0;
  const MonthInputs* inputs = nullptr;
};

/// Noise is keyed by (seed, member, month, step, cell), so a field is the same whatever batch,
/// order or rank it is made in. Cells without data stay zero in network units, as in training, and
/// tiles of such cells alone are not computed. Shares the network. InputError where tiles do not
/// fit the domain or the network.
class FieldGenerator {
 public:
  FieldGenerator(UNet network, const Conditioning& conditioning, const GeneratorOptions& options,
                 torch::Device device);

  /// fields [job, v, y, x] in network units. Works on `fields_in_flight` jobs at a time: memory
  /// does not grow with the jobs.
  void generate(std::span<const FieldJob> jobs, View<float, 4> fields);

  /// Fields whose tiles fill one call of the network.
  [[nodiscard]] std::size_t fields_in_flight() const;

  /// Tiles that hold a cell with data; the others are not computed.
  [[nodiscard]] std::size_t n_tiles_computed() const { return tiles_to_compute_.size(); }

 private:
  void find_work(const Conditioning& conditioning);
  void generate_together(std::span<const FieldJob> jobs, View<float, 4> fields);
  [[nodiscard]] torch::Tensor predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      std::int64_t t);
  void run_network(std::span<const FieldJob> jobs, View<const float, 4> state,
                   std::size_t first_call, View<float, 4> tiles, std::int64_t t);

  UNet network_;
  GeneratorOptions options_;
  Schedule schedule_;
  TileLayout layout_;
  std::vector<std::size_t> tiles_to_compute_;
  torch::Tensor
      valid_;  ///< [v, y, x] true where there is data; undefined where there is everywhere
  torch::Device device_;
};

}  // namespace hindscale
