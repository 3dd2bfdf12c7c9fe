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
#include "hindscale/core/regions.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/model/evaluator.hpp"
#include "hindscale/model/field_network.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/sampler/mean_model.hpp"
#include "hindscale/sampler/sampler.hpp"
#include "hindscale/sampler/schedule.hpp"
#include "hindscale/tiling/row_share.hpp"
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
  std::int64_t batch = 8;                 ///< network inputs a call
  Precision precision = Precision::float32;  ///< of the network's arithmetic
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::sample_noise;
};

TilingOptions tiling_options(const TileOptions& options);

/// Sampler, tiles and batch of the namelist, for a network trained with `trained`.
GeneratorOptions generator_options(const Options& options, const DiffusionOptions& trained);

/// One field to make. `inputs` belongs to the caller and outlives the call.
struct FieldJob {
  Month month;
  std::int64_t member = 0;  ///< whose noise it is made of
  const MonthInputs* inputs = nullptr;
  bool negated = false;  ///< of that noise with the opposite sign
};

/// Where fields are made: this rank's device, and the ranks that share a field.
struct GeneratorPlace {
  torch::Device device = torch::kCPU;
  const Communicator* group = nullptr;  ///< outlives the generator; null: this rank alone
  Regions* regions = nullptr;           ///< where its time is counted; outlives it
  /// Fields stay on the device from their noise to the end, but for `separate` tiles; else the
  /// network alone is there.
  bool state_on_device = false;
};

class FieldProcess;
struct TileWork;

/// Noise is keyed by (seed, member, month, step, cell), times -1 where asked for, and tiles are
/// summed exactly, so a field is the same whatever batch, order, rank or group it is made in. Cells
/// without data stay zero in network units, as in training, and tiles of such cells alone are not
/// computed. Shares the networks. With a mean model the field is its mean plus what is generated;
/// where the network itself predicts the mean, that is the field. InputError where tiles do not fit
/// the domain or the network, or are fewer than the ranks of the group.
class FieldGenerator {
 public:
  FieldGenerator(FieldNetwork network, const Conditioning& conditioning,
                 const GeneratorOptions& options, const GeneratorPlace& workplace,
                 const MeanModel& mean = {});
  ~FieldGenerator();
  FieldGenerator(const FieldGenerator&) = delete;
  FieldGenerator& operator=(const FieldGenerator&) = delete;

  /// fields [job, v, y, x] in network units, on the root of the group; other ranks give the same
  /// jobs and the same shape. Collective over the group. Works on `fields_in_flight` jobs at a
  /// time: memory does not grow with the jobs.
  void generate(std::span<const FieldJob> jobs, View<float, 4> fields);

  /// Fields whose tiles fill one call of the network on every rank of the group.
  [[nodiscard]] std::size_t fields_in_flight() const;

  /// Evaluations of fields by the sampler so far, all tiles of a field together; the mean model's
  /// are not counted.
  [[nodiscard]] std::int64_t n_fields_denoised() const;

  /// Tiles that hold a cell with data; the others are not computed.
  [[nodiscard]] std::size_t n_tiles_computed() const;

 private:
  void generate_together(std::span<const FieldJob> jobs, View<float, 4> fields);
  [[nodiscard]] torch::Tensor mean_field(std::span<const FieldJob> jobs);
  /// The same, made once for all jobs that have their inputs in common.
  [[nodiscard]] torch::Tensor shared_mean_fields(std::span<const FieldJob> jobs);

  GeneratorOptions options_;
  Regions* regions_;
  std::vector<double> levels_;
  Communicator alone_;
  std::unique_ptr<TileWork> work_;
  std::unique_ptr<FieldProcess> process_;
  std::unique_ptr<FieldGenerator> mean_;  ///< of the mean model
  torch::Tensor mean_scale_;
};

}  // namespace hindscale
