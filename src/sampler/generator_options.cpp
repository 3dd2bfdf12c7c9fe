// SPDX-License-Identifier: Apache-2.0
// From the namelist to a generator.
#include "hindscale/core/error.hpp"
#include "hindscale/sampler/generator.hpp"

namespace hindscale {
namespace {

SamplerConfig sampler_config(const SamplingOptions& sampling) {
  SamplerConfig config;
  config.kind = sampler_kind_of(sampling.sampler);
  config.eta = sampling.eta;
  config.clip = sampling.clip;
  config.churn = sampling.churn;
  config.churn_from = sampling.churn_range.at(0);
  config.churn_to = sampling.churn_range.at(1);
  config.churn_noise = sampling.churn_noise;
  config.corrections = sampling.corrections;
  config.corrector =
      sampling.corrector == "snr" ? SamplerConfig::Corrector::snr : SamplerConfig::Corrector::sda;
  config.corrector_size = sampling.corrector_size;
  config.tolerance = sampling.tolerance;
  return config;
}

}  // namespace

TilingOptions tiling_options(const TileOptions& options) {
  return {static_cast<std::size_t>(options.size.at(0)),
          static_cast<std::size_t>(options.size.at(1)),
          static_cast<std::size_t>(options.overlap),
          static_cast<std::size_t>(options.crop),
          stitching_of(options.stitching),
          options.shifted,
          options.alternate && options.stitching != "separate"};
}

GeneratorOptions generator_options(const Options& options, const DiffusionOptions& trained) {
  const SamplingOptions& sampling = options.sampling;
  GeneratorOptions generator;
  generator.sampler = sampler_config(sampling);
  generator.noise_degrees_of_freedom = trained.noise_degrees_of_freedom;
  if (generator.noise_degrees_of_freedom > 0 && adds_noise(generator.sampler)) {
    throw InputError({.problem = "the sampler adds Gaussian noise",
                      .value = sampling.sampler,
                      .why = "the network was trained with noise of Student's t",
                      .advice = "take a deterministic sampler (eta and churn 0)",
                      .key = "sampling/sampler"});
  }
  generator.prediction = prediction_of(trained.prediction);
  generator.schedule = make_schedule(trained);
  generator.grid = {visits_training_levels(sampling, trained.schedule) ? LevelGrid::Spacing::time
                                                                       : LevelGrid::Spacing::rho,
                    sampling.rho, sampling.sigma_range.at(0), sampling.sigma_range.at(1)};
  generator.steps = sampling.steps;
  generator.noise_scale = sampling.noise_scale;
  generator.tiling = tiling_options(options.tiling);
  generator.batch = options.ensemble.batch;
  generator.precision = precision_of(sampling.precision);
  generator.seed = static_cast<std::uint64_t>(options.experiment.seed);
  return generator;
}

}  // namespace hindscale
