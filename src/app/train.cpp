// SPDX-License-Identifier: Apache-2.0
// The stage `train`: sample store -> checkpoints.
#include <fmt/ranges.h>

#include <functional>
#include <optional>

#include "hindscale/app/stages.hpp"
#include "hindscale/model/denoiser.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/train/mean_fit.hpp"
#include "hindscale/train/network_config.hpp"
#include "hindscale/train/training_run.hpp"
#include "hindscale/train/training_state.hpp"
#include "memory_estimate.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace {

template <class T>
std::optional<T> opened(const Context& context, const std::function<T()>& open) {
  std::optional<T> result;
  together(context.comm, [&] { result.emplace(open()); });
  return result;
}

/// What the stage of a training means for its network: without diffusion it predicts the target
/// itself.
Options staged(Options options) {
  if (options.training.is_deterministic()) {
    options.diffusion.prediction = name_of(Prediction::mean);
    options.diffusion.regression = false;
  }
  return options;
}

/// The store's content, without the years of the fold where there is one.
StoreContent content_to_learn(const Context& context, const TrainingOptions& training,
                              const StoreReader& reader) {
  StoreContent content = read_content(reader);
  if (training.fold == 0) return content;
  content.left_out = years_of_fold(content.train, training.folds, training.fold);
  context.log.info("fold {} of {}: years left out {}", training.fold, training.folds,
                   fmt::join(content.left_out, ", "));
  return content;
}

/// A diffusion follows from the mean it counts from too, one of whole fields, made of tiles.
void add_mean(const FittedMean& mean, const Options& options, nlohmann::json& description) {
  auto& keys = description["determined_by"];
  keys["regression checkpoint"] = mean.whole.checkpoint_sha256;
  auto& folds = keys[regression_folds_key];
  for (const MeanNetwork& fold : mean.folds) folds.push_back(fold.checkpoint_sha256);
  keys["tiling/size"] = options.tiling.size;
  keys["tiling/overlap"] = options.tiling.overlap;
  keys["tiling/crop"] = options.tiling.crop;
}

/// Turns samples into what the mean leaves of them, where there is one.
SampleCache::Finish finish_of(const FittedMean& mean, const StoreContent& content) {
  if (!mean.model.is_there()) return {};
  return
      [&](std::size_t i_month, Sample& sample) { subtract_mean(mean, content, i_month, sample); };
}

}  // namespace

ExitCode run_train(const Context& context, const Options& given) {
  const Options options = staged(given);
  // 1. The directory is ours, the store is readable, threads are the namelist's.
  const WallTime wall_time(options.experiment.wall_time_s);
  const StageLock lock(context, options.fold_path());
  set_threads(static_cast<int>(options.experiment.threads));
  const auto reader =
      opened<StoreReader>(context, [&] { return StoreReader(options.store_path()); });
  const StoreContent content = content_to_learn(context, options.training, *reader);

  // 2. Inputs and targets, fitted on the training months; the mean that CorrDiff counts from.
  const auto conditioning = opened<Conditioning>(context, [&] {
    return Conditioning(*reader, content, {.model = options.model, .diffusion = options.diffusion});
  });
  const auto store_sha256 = digests_of(context.comm, {options.store_path().string()}).front();
  const FittedMean mean = fit_mean_model(context, options, *conditioning, *reader, store_sha256);
  SampleCache samples(*reader, *conditioning, static_cast<double>(options.training.cache_mib),
                      finish_of(mean, content));

  // 3. The network and its trainer.
  const NetworkConfig network =
      network_config(options, content.n_variables(), conditioning->n_channels());
  Trainer trainer(context, options, network, samples);
  context.log.info("network '{}': {} parameters, {} channels in, {}; {} patches a step on {} ranks",
                   options.model.preset, parameter_count(*trainer.network()), network.in_channels,
                   name_of(precision_of(options.training.precision)), options.training.batch,
                   context.comm.size());

  // 4. Validation on months the training does not see.
  const LossValidator loss_validator(context, options, samples);
  std::optional<CrpsValidator> crps_validator;
  if (loss_validator.is_possible())
    crps_validator.emplace(context, options, *reader, *conditioning, mean.model);

  // 5. From the newest checkpoint to the end.
  nlohmann::json description = describe_training(options, *conditioning, network, store_sha256);
  if (mean.model.is_there()) add_mean(mean, options, description);
  TrainingRun run({.context = context,
                   .options = options,
                   .conditioning = *conditioning,
                   .trainer = trainer,
                   .loss_validator = loss_validator,
                   .crps_validator = crps_validator ? &*crps_validator : nullptr,
                   .wall_time = wall_time,
                   .mean = &mean},
                  std::move(description));
  run.resume();
  const ExitCode code = run.run();
  log_peak_memory(context);
  return code;
}

}  // namespace hindscale
