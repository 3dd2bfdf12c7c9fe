// SPDX-License-Identifier: Apache-2.0
// Validation loss on fixed patches.
#include <torch/torch.h>

#include <algorithm>

#include "hindscale/model/bridge.hpp"
#include "hindscale/train/trainer.hpp"
#include "hindscale/train/validation.hpp"

namespace hindscale {
namespace {

constexpr std::size_t patches_a_month = 4;
constexpr std::size_t most_patches =
    256;  // keeps a validation short however long the validation period is

/// The patches of a plan of one step: times are stratified over all of them.
std::vector<Patch> fixed_patches(const Options& options, const StoreContent& content) {
  const std::size_t n_months = content.months_to_validate().size();
  if (n_months == 0) return {};
  PatchPlanOptions plan_options = patch_plan_options(options, content, n_months);
  plan_options.batch = std::min(patches_a_month * n_months, most_patches);
  const PatchPlan plan(plan_options);
  std::vector<Patch> patches;
  for (std::size_t i = 0; i < plan_options.batch; ++i) patches.push_back(plan.patch(0, i));
  return patches;
}

}  // namespace

LossValidator::LossValidator(const Context& context, const Options& options, SampleCache& samples)
    : context_(context),
      batches_(samples, samples.content().months_to_validate(), make_schedule(options.diffusion),
               {.prediction = prediction_of(options.diffusion.prediction),
                .noise = Purpose::validation_noise,
                .seed = static_cast<std::uint64_t>(options.experiment.seed),
                .device = torch_device(context.device),
                .noise_degrees_of_freedom = options.diffusion.noise_degrees_of_freedom}),
      patches_(fixed_patches(options, samples.content())),
      n_levels_(options.diffusion.timesteps),
      variable_weights_(
          variable_weights(options.training.variable_weights, samples.content().n_variables())),
      precision_(precision_of(options.sampling.precision)) {}

LossTable LossValidator::loss(const FieldNetwork& network) const {
  const torch::NoGradGuard no_gradient;
  const Window& window = patches_.front().window;
  const auto evaluator = make_evaluator(network, {.height = window.n_rows,
                                                  .width = window.n_columns,
                                                  .precision = precision_,
                                                  .device = batches_.device()});
  const Block share = block_of(static_cast<std::int64_t>(patches_.size()), context_.comm.rank(),
                               context_.comm.size());
  std::vector<double> own;  // a row a patch
  for (std::int64_t i = share.first; i < share.last; ++i) {
    const Batch batch = batches_.make({&patches_[static_cast<std::size_t>(i)], 1});
    const torch::Tensor output = evaluate(*evaluator, batch.input, batch.time.item<double>());
    append_rows(squared_errors(output.to(batch.target.device()), batch), batch.counts, own);
  }
  const std::vector<double> all = gather_blocks(context_.comm, own);
  const std::size_t n_row = 2 * variable_weights_.size();
  LossTable table(variable_weights_);
  for (std::size_t i = 0; i < patches_.size(); ++i) {
    table.add(LossTable::fifth_of(patches_[i].noise_level, n_levels_),
              std::span<const double>(all).subspan(i * n_row, n_row));
  }
  return table;
}

}  // namespace hindscale
