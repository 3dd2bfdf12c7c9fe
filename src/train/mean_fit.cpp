// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/mean_fit.hpp"

#include <fmt/ranges.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "hindscale/core/error.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/sampler/generator.hpp"
#include "hindscale/train/training_state.hpp"

namespace hindscale {
namespace {

constexpr const char* scale_name = "mean_scale";
constexpr const char* mean_prefix = "mean.";

/// The mean of a month [1, v, y, x], in network units.
Array<float, 4> mean_field(FieldGenerator& generator, const StoreContent& content,
                           std::size_t i_month, const Sample& sample) {
  Array<float, 4> mean({1, content.n_variables(), content.fine.n_rows(), content.fine.n_columns()});
  const MonthInputs inputs{sample.condition, {}, sample.context};
  const FieldJob job{content.months[i_month], 0, &inputs};
  generator.generate({&job, 1}, mean);
  return mean;
}

/// Weighted sum of squares and sum of weights of each variable, one after the other.
std::vector<double> squares_of(const Sample& sample, View<const float, 3> mean) {
  const std::size_t n_cells = mean.extent(1) * mean.extent(2);
  std::vector<double> sums(2 * mean.extent(0), 0.0);
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double left = static_cast<double>(sample.target.flat()[i]) - mean.data()[i];
    const double weight = sample.weight.flat()[i];
    sums[2 * (i / n_cells)] += weight * left * left;
    sums[2 * (i / n_cells) + 1] += weight;
  }
  return sums;
}

/// That of the network which has not seen the year, where there is one.
FieldGenerator& generator_for(const FittedMean& mean, int year) {
  for (const MeanNetwork& fold : mean.folds)
    if (std::ranges::count(fold.left_out, year) > 0) return *fold.generator;
  return *mean.whole.generator;
}

/// Root mean square of what the mean leaves, of each variable.
torch::Tensor scale_of(const Context& context, const FittedMean& fitted,
                       const Conditioning& conditioning, const StoreReader& reader) {
  const StoreContent& content = conditioning.content();
  const std::vector<std::size_t> positions = content.months_to_learn();
  const Block block = block_of(static_cast<std::int64_t>(positions.size()), context.comm.rank(),
                               context.comm.size());
  std::vector<double> mine;
  together(context.comm, [&] {
    for (std::int64_t i = block.first; i < block.last; ++i) {
      const std::size_t i_month = positions[static_cast<std::size_t>(i)];
      const Sample sample = conditioning.sample(reader, i_month);
      FieldGenerator& generator = generator_for(fitted, content.months[i_month].year());
      const Array<float, 4> mean = mean_field(generator, content, i_month, sample);
      const auto sums = squares_of(sample, mean[0]);
      mine.insert(mine.end(), sums.begin(), sums.end());
    }
  });
  const std::vector<double> all = gather_blocks(context.comm, mine);
  const std::size_t n = content.n_variables();
  torch::Tensor scale = torch::ones({static_cast<std::int64_t>(n), 1, 1});
  for (std::size_t v = 0; v < n; ++v) {
    double squares = 0, weight = 0;
    for (std::size_t i = 0; i < all.size(); i += 2 * n) {
      squares += all[i + 2 * v];
      weight += all[i + 2 * v + 1];
    }
    if (squares > 0) scale[static_cast<std::int64_t>(v)] = std::sqrt(squares / weight);
  }
  return scale;
}

/// What the regression learnt has to be what the diffusion counts from.
void require_same_target(const nlohmann::json& state, const DiffusionOptions& now,
                         const Conditioning& conditioning, const std::string& folder) {
  const DiffusionOptions then = conditioning_options_of(state).diffusion;
  if (state.value("variables", nlohmann::json()) == conditioning.content().variables &&
      state.value("channels", nlohmann::json()) == conditioning.channel_names() &&
      then.target == now.target && then.base == now.base && then.scaling == now.scaling &&
      then.enforces_consistency() == now.enforces_consistency())
    return;
  throw InputError({.problem = "the regression network learnt another target",
                    .value = folder,
                    .advice = "train it again with the same &dataset, &model and &diffusion",
                    .key = "diffusion/regression"});
}

/// The best regression checkpoint of `options`, on its device.
MeanNetwork load_mean(const Context& context, const Options& options,
                      const Conditioning& conditioning, const std::string& store_sha256) {
  MeanNetwork mean;
  const auto folder = best_checkpoint(options.regression_path());
  const CheckpointContent checkpoint = read_checkpoint(folder, CheckpointParts::model_only);
  const nlohmann::json& state = checkpoint.state;
  if (state.value("store", nlohmann::json()).value("sha256", "") != store_sha256) {
    throw InputError({.problem = "the regression network learnt from another store",
                      .value = folder.string(),
                      .advice = "train it again with this one",
                      .key = "diffusion/regression"});
  }
  require_same_target(state, options.diffusion, conditioning, folder.string());
  mean.checkpoint_sha256 = checkpoint_digest(folder);
  mean.left_out = state.value("left_out", mean.left_out);
  const TrainingOptions& training = options.training;
  const std::vector<int> expected =
      training.fold == 0
          ? std::vector<int>{}
          : years_of_fold(conditioning.content().train, training.folds, training.fold);
  if (mean.left_out != expected) {
    throw InputError({.problem = "the regression network left out other years",
                      .value = folder.string(),
                      .why = fmt::format("{}", fmt::join(mean.left_out, ", ")),
                      .advice = "train it again with the same training/folds",
                      .key = "training/folds"});
  }
  mean.network = make_network(network_from_json(state.at("network")),
                              static_cast<std::uint64_t>(options.experiment.seed));
  load_parameters(*mean.network, checkpoint.model, "average.");
  GeneratorOptions mean_options = generator_options(options, options.diffusion);
  mean_options.prediction = Prediction::mean;
  mean.generator = std::make_shared<FieldGenerator>(mean.network, conditioning, mean_options,
                                                    GeneratorPlace{torch_device(context.device)});
  return mean;
}

}  // namespace

FittedMean fit_mean_model(const Context& context, const Options& options,
                          const Conditioning& conditioning, const StoreReader& reader,
                          const std::string& store_sha256) {
  FittedMean mean;
  if (!options.diffusion.regression) return mean;
  const InRegion fitting(context.regions.get(), Region::fitting);
  together(context.comm, [&] {
    mean.whole = load_mean(context, options, conditioning, store_sha256);
    mean.model.network = mean.whole.network;
    Options own = options;
    for (own.training.fold = 1; own.training.fold <= own.training.folds; ++own.training.fold)
      if (own.training.fold != options.training.fold)
        mean.folds.push_back(load_mean(context, own, conditioning, store_sha256));
  });
  mean.model.scale = scale_of(context, mean, conditioning, reader);
  return mean;
}

void subtract_mean(const FittedMean& mean, const StoreContent& content, std::size_t i_month,
                   Sample& sample) {
  FieldGenerator& generator = generator_for(mean, content.months[i_month].year());
  const Array<float, 4> field = mean_field(generator, content, i_month, sample);
  const std::size_t n_cells = content.fine.n_rows() * content.fine.n_columns();
  for (std::size_t i = 0; i < sample.target.size(); ++i) {
    const float scale = mean.model.scale.data_ptr<float>()[i / n_cells];
    float& value = sample.target.flat()[i];
    value = sample.weight.flat()[i] > 0 ? (value - field.flat()[i]) / scale : 0.0F;
  }
}

void save_mean_model(const FittedMean& mean, CheckpointContent& content) {
  if (!mean.model.is_there()) return;
  content.model.merge(copy_parameters(*mean.model.network, mean_prefix));
  content.model.emplace(scale_name, mean.model.scale);
  content.state["regression"] = {{"checkpoint_sha256", mean.whole.checkpoint_sha256},
                                 {"network", network_to_json(mean.model.network->config())}};
}

MeanModel mean_model_of(const CheckpointContent& content) {
  MeanModel mean;
  const auto regression = content.state.find("regression");
  if (regression == content.state.end()) return mean;
  constexpr std::uint64_t any_seed = 0;  // all weights are replaced
  mean.network = make_network(network_from_json(regression->at("network")), any_seed);
  load_parameters(*mean.network, content.model, mean_prefix);
  const auto scale = content.model.find(scale_name);
  if (scale == content.model.end()) {
    throw InputError({.problem = "the checkpoint lacks a tensor", .value = scale_name});
  }
  mean.scale = scale->second;
  return mean;
}

}  // namespace hindscale
