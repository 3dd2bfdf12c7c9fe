// SPDX-License-Identifier: Apache-2.0
#include "trained_network.hpp"

#include <fmt/format.h>

#include "hindscale/model/checkpoint.hpp"
#include "hindscale/train/mean_fit.hpp"
#include "hindscale/train/training_state.hpp"

namespace hindscale {

namespace {

/// Bias, regressions and masks come from the store, normalisation and weights from the checkpoint.
void require_same_store(const CheckpointContent& checkpoint, const std::string& store_sha256,
                        const std::string& file) {
  const nlohmann::json trained = checkpoint.state.value("store", nlohmann::json::object());
  if (!trained.contains("sha256") || trained.at("sha256") == store_sha256) return;
  throw InputError({.problem = "the checkpoint was trained on another sample store",
                    .value = trained.at("sha256").get<std::string>().substr(0, 16),
                    .why = fmt::format("SHA-256 of the store now: {}", store_sha256.substr(0, 16)),
                    .advice = "name the store of the training in dataset/store, or train on this "
                              "one; for another region set reconstruct/elsewhere = .true.",
                    .file = file,
                    .key = "dataset/store"});
}

/// A network's normalisation for the cells of another region.
Normalisation elsewhere(Normalisation trained, const StoreReader& reader,
                        const StoreContent& content, const ConditioningOptions& options) {
  const Shape<2> cells{content.fine.n_rows(), content.fine.n_columns()};
  const Conditioning here(reader, content, options);
  for (const auto& [name, values] : here.normalisation())
    if (values.extent(1) == cells[0] && values.extent(2) == cells[1]) trained[name] = values;
  return trained;
}

/// What of a checkpoint has to be as in the store that it is used with.
struct Agreement {
  const char* problem;
  std::vector<std::string> trained, here;
  const char* advice;
};

void require(const Agreement& agreement, const std::filesystem::path& checkpoint) {
  if (agreement.trained == agreement.here) return;
  throw InputError({.problem = agreement.problem,
                    .value = fmt::format("{}", fmt::join(agreement.trained, ", ")),
                    .why = fmt::format("the sample store has {}", fmt::join(agreement.here, ", ")),
                    .advice = agreement.advice,
                    .file = checkpoint.string(),
                    .key = "reconstruct/checkpoint"});
}

}  // namespace

TrainedNetwork load_trained_network(const Options& options, const StoreReader& reader,
                                    const std::string& store_sha256) {
  TrainedNetwork trained;
  trained.checkpoint = options.reconstruct.checkpoint.empty()
                           ? best_checkpoint(options.training_path())
                           : std::filesystem::path(options.reconstruct.checkpoint);
  const CheckpointContent checkpoint =
      read_checkpoint(trained.checkpoint, CheckpointParts::model_only);
  trained.checkpoint_sha256 = checkpoint_digest(trained.checkpoint);
  trained.store_sha256 = store_sha256;
  StoreContent content = read_content(reader);
  content.left_out = checkpoint.state.value("left_out", std::vector<int>{});
  const auto variables = checkpoint.state.value("variables", std::vector<std::string>{});
  require({"the checkpoint was trained for other variables", variables, content.variables,
           "choose another checkpoint or another store"},
          trained.checkpoint);
  require({"the checkpoint was trained with other transforms",
           checkpoint.state.value("transforms", content.transforms), content.transforms,
           "use the store the network was trained on"},
          trained.checkpoint);
  const ConditioningOptions conditioning_options = conditioning_options_of(checkpoint.state);
  Normalisation normalisation = normalisation_of(checkpoint.model);
  if (options.reconstruct.elsewhere)
    normalisation = elsewhere(std::move(normalisation), reader, content, conditioning_options);
  trained.conditioning.emplace(reader, content, conditioning_options, std::move(normalisation));
  const auto channels = checkpoint.state.value("channels", std::vector<std::string>{});
  require({"the checkpoint has other input channels", channels,
           trained.conditioning->channel_names(), "use the store the network was trained on"},
          trained.checkpoint);
  const NetworkConfig config = network_from_json(checkpoint.state.at("network"));
  require({"the checkpoint's network takes another number of inputs",
           {std::to_string(config.in_channels)},
           {std::to_string(channels.size() + variables.size())},
           "choose another checkpoint"},
          trained.checkpoint);
  if (!options.reconstruct.elsewhere)
    require_same_store(checkpoint, store_sha256, trained.checkpoint.string());
  trained.network = make_network(config, options.experiment.seed);
  load_parameters(*trained.network, checkpoint.model, options.reconstruct.weights + ".");
  trained.mean = mean_model_of(checkpoint);
  trained.diffusion = conditioning_options.diffusion;
  return trained;
}

}  // namespace hindscale
