// SPDX-License-Identifier: Apache-2.0
// Realizations of whole fields: one global noise field a member, overlapping tiles fused at every
// step.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hindscale/core/array.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/model/unet.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/sampler/mean_model.hpp"
#include "hindscale/sampler/sampler.hpp"
#include "hindscale/sampler/schedule.hpp"
#include "hindscale/tiling/tiling.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

struct GeneratorOptions {
  SamplerConfig sampler;
  TilingOptions tiling;
  Prediction prediction = Prediction::v;  ///< of the network
  Schedule schedule;                      ///< the network was trained with
  LevelGrid grid;                         ///< levels the sampler visits
  std::int64_t steps = 8;                 ///< of the sampler
  double noise_degrees_of_freedom = 0;    ///< of the noise in training; 0: Gaussian
  std::vector<double> noise_scale;        ///< of each variable; empty: 1. More noise, more spread
  std::int64_t batch = 8;                 ///< network inputs a call; short calls are padded to it
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::sample_noise;
};

/// Sampler, tiles and batch of the namelist, for a network trained with `trained`.
GeneratorOptions generator_options(const Options& options, const DiffusionOptions& trained);

/// One field to make. `inputs` belongs to the caller and outlives the call.
struct FieldJob {
  Month month;
  std::int64_t member = 0;
  const MonthInputs* inputs = nullptr;
};

/// Noise is keyed by (seed, member, month, step, cell), so a field is the same whatever batch,
/// order or rank it is made in. Cells without data stay zero in network units, as in training, and
/// tiles of such cells alone are not computed. Shares the networks. With a mean model the field is
/// its mean plus what is generated; where the network itself predicts the mean, that is the field.
/// InputError where tiles do not fit the domain or the network.
class FieldGenerator {
 public:
  FieldGenerator(UNet network, const Conditioning& conditioning, const GeneratorOptions& options,
                 torch::Device device, const MeanModel& mean = {});

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
  void draw(std::span<const FieldJob> jobs, std::int64_t i_draw, torch::Tensor& out) const;
  [[nodiscard]] torch::Tensor mean_field(std::span<const FieldJob> jobs, const torch::Tensor& like);
  [[nodiscard]] torch::Tensor masked(const torch::Tensor& field) const;
  [[nodiscard]] torch::Tensor clean_field(std::span<const FieldJob> jobs, const torch::Tensor& y,
                                          double r);
  [[nodiscard]] torch::Tensor predict(std::span<const FieldJob> jobs, const torch::Tensor& x,
                                      double time);
  void run_network(std::span<const FieldJob> jobs, View<const float, 4> state,
                   std::size_t first_call, View<float, 4> tiles, double time);

  UNet network_;
  GeneratorOptions options_;
  std::vector<double> levels_;
  TileLayout layout_;
  std::vector<std::size_t> tiles_to_compute_;
  std::unique_ptr<FieldGenerator> mean_;  ///< of the mean model
  torch::Tensor mean_scale_;
  torch::Tensor
      valid_;  ///< [v, y, x] true where there is data; undefined where there is everywhere
  torch::Device device_;
};

}  // namespace hindscale
