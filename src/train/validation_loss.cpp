// SPDX-License-Identifier: Apache-2.0
// Validation loss on fixed patches.
#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "hindscale/model/bridge.hpp"
#include "hindscale/train/trainer.hpp"
#include "hindscale/train/validation.hpp"

namespace hindscale {
namespace {

constexpr std::size_t n_bins = 4;
constexpr std::size_t patches_a_month = 4;
constexpr std::size_t most_patches =
    256;  // keeps a validation short however long the validation period is

/// The patches of a plan of one step: times are stratified over all of them.
std::vector<Patch> fixed_patches(const Options& options, const StoreContent& content) {
  const std::size_t n_months = content.positions(content.validation).size();
  if (n_months == 0) return {};
  PatchPlanOptions plan_options = patch_plan_options(options, content, n_months);
  plan_options.batch = std::min(patches_a_month * n_months, most_patches);
  const PatchPlan plan(plan_options);
  std::vector<Patch> patches;
  for (std::size_t i = 0; i < plan_options.batch; ++i) patches.push_back(plan.patch(0, i));
  return patches;
}

double ratio(double sum, double count) {
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

LossValidator::LossValidator(const Context& context, const Options& options, SampleCache& samples,
                             const MeanModel& mean)
    : context_(context),
      batches_(samples, samples.content().positions(samples.content().validation),
               make_schedule(options.diffusion),
               {.prediction = prediction_of(options.diffusion.prediction),
                .noise = Purpose::validation_noise,
                .seed = static_cast<std::uint64_t>(options.experiment.seed),
                .device = torch_device(context.device),
                .mean = mean,
                .noise_degrees_of_freedom = options.diffusion.noise_degrees_of_freedom}),
      patches_(fixed_patches(options, samples.content())),
      timesteps_(options.diffusion.timesteps) {}

ValidationLoss LossValidator::loss(UNet network) const {
  torch::NoGradGuard no_gradient;
  const Block share = block_of(static_cast<std::int64_t>(patches_.size()), context_.comm.rank(),
                               context_.comm.size());
  std::vector<double> own;  // error and count of each patch
  for (std::int64_t i = share.first; i < share.last; ++i) {
    const Batch batch = batches_.make({&patches_[static_cast<std::size_t>(i)], 1});
    own.push_back(
        weighted_squared_error(network->forward(batch.input, batch.time), batch).item<double>());
    own.push_back(static_cast<double>(batch.n_weighted));
  }
  const std::vector<double> all = gather_blocks(context_.comm, own);
  std::array<double, n_bins + 1> errors{};
  std::array<double, n_bins + 1> counts{};
  for (std::size_t i = 0; i < patches_.size(); ++i) {
    const auto bin = static_cast<std::size_t>(patches_[i].noise_level *
                                              static_cast<std::int64_t>(n_bins) / timesteps_);
    for (const std::size_t target : {bin, n_bins}) {
      errors[target] += all[2 * i];
      counts[target] += all[2 * i + 1];
    }
  }
  ValidationLoss loss{.all = ratio(errors[n_bins], counts[n_bins])};
  for (std::size_t bin = 0; bin < n_bins; ++bin)
    loss.by_time[bin] = ratio(errors[bin], counts[bin]);
  return loss;
}

}  // namespace hindscale
