// SPDX-License-Identifier: Apache-2.0
// From a trained regression network to the mean model of a diffusion.
#pragma once

#include <string>

#include "hindscale/comm/context.hpp"
#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/namelist/options.hpp"
#include "hindscale/sampler/generator.hpp"
#include "hindscale/sampler/mean_model.hpp"

namespace hindscale {

/// A regression and what makes whole fields of the mean from it.
struct MeanNetwork {
  FieldNetwork network{nullptr};
  std::string checkpoint_sha256;
  std::vector<int> left_out;  ///< training years it has not seen
  std::shared_ptr<FieldGenerator> generator;
};

/// A mean model and the networks it comes from.
struct FittedMean {
  MeanModel model;
  MeanNetwork whole;               ///< learnt from all training years
  std::vector<MeanNetwork> folds;  ///< each for the years it has not seen; may be empty
};

/// Where diffusion/regression asks for one: the averaged weights of the best regression checkpoint,
/// and for each variable the root mean square of what it leaves in the training months (weighted as
/// the loss). With training/folds, what it leaves of a month is taken from the regression that has
/// not seen its year: what a network leaves of months it has learnt from is less than what it
/// leaves of others. The result does not depend on the number of ranks. InputError where there is
/// no such checkpoint or it learnt another target. Collective.
FittedMean fit_mean_model(const Context& context, const Options& options,
                          const Conditioning& conditioning, const StoreReader& reader,
                          const std::string& store_sha256);

/// Turns the target of a month's sample into what the mean leaves of it, over its scale: of the
/// whole field, made of tiles as reconstructions are. Zero where there are no data. One rank.
void subtract_mean(const FittedMean& mean, const StoreContent& content, std::size_t i_month,
                   Sample& sample);

/// Into and out of the checkpoint of a diffusion: tensors "mean.*" and "mean_scale", and
/// "regression" in the state. `mean_model_of` gives none where the checkpoint has none.
void save_mean_model(const FittedMean& mean, CheckpointContent& content);
MeanModel mean_model_of(const CheckpointContent& content);

}  // namespace hindscale
