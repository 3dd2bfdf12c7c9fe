// SPDX-License-Identifier: Apache-2.0
// The training step.
#include "hindscale/train/trainer.hpp"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>

#include "hindscale/core/error.hpp"
#include "hindscale/core/stop.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/train/learning_rate.hpp"

namespace hindscale {
namespace {

std::vector<Month> training_months(const StoreContent& content) {
  std::vector<Month> months;
  for (const std::size_t i : content.months_to_learn()) months.push_back(content.months[i]);
  if (months.empty()) {
    throw InputError(
        {.problem = "the sample store holds no training months",
         .advice = "run `hindscale prepare` with dataset/train_years inside the source files",
         .key = "dataset/train_years"});
  }
  return months;
}

void check_batch(const Options& options, int n_ranks) {
  if (options.training.batch >= n_ranks) return;
  throw InputError({.problem = "fewer patches a step than ranks",
                    .value = std::to_string(options.training.batch),
                    .why = fmt::format("{} ranks train, each needs one patch at least", n_ranks),
                    .advice = "start fewer ranks or raise training/batch",
                    .key = "training/batch"});
}

void check_patch(const Options& options, const NetworkConfig& network) {
  const auto& size = options.training.patch_size;
  const std::int64_t divisor = network.divisor();
  if (size.at(0) % divisor == 0 && size.at(1) % divisor == 0) return;
  throw InputError({.problem = "patch size not divisible as the network needs",
                    .value = fmt::format("{} x {}", size[0], size[1]),
                    .why = fmt::format("a network of {} levels halves it {} times",
                                       network.multipliers.size(), network.multipliers.size() - 1),
                    .advice = fmt::format("use multiples of {} in training/patch_size", divisor),
                    .key = "training/patch_size"});
}

FieldNetwork network_on(const torch::Device& device, const NetworkConfig& config,
                        std::uint64_t seed) {
  FieldNetwork network = make_network(config, seed);
  network->to(device);
  return network;
}

}  // namespace

PatchPlanOptions patch_plan_options(const Options& options, const StoreContent& content,
                                    std::size_t n_months) {
  return {.seed = static_cast<std::uint64_t>(options.experiment.seed),
          .n_items = n_months,
          .n_rows = content.fine.n_rows(),
          .n_columns = content.fine.n_columns(),
          .periodic = content.fine.periodic,
          .patch_rows = static_cast<std::size_t>(options.training.patch_size.at(0)),
          .patch_columns = static_cast<std::size_t>(options.training.patch_size.at(1)),
          .batch = static_cast<std::size_t>(options.training.batch),
          .n_levels = options.diffusion.timesteps};
}

Trainer::Trainer(const Context& context, const Options& options, const NetworkConfig& network,
                 SampleCache& samples)
    : context_(context),
      options_(options.training),
      seed_(static_cast<std::uint64_t>(options.experiment.seed)),
      n_levels_(options.diffusion.timesteps),
      variable_weights_(
          variable_weights(options.training.variable_weights, samples.content().n_variables())),
      months_(training_months(samples.content())),
      plan_(patch_plan_options(options, samples.content(), months_.size())),
      batches_(samples, samples.content().months_to_learn(), make_schedule(options.diffusion),
               {.prediction = prediction_of(options.diffusion.prediction),
                .noise = Purpose::training_noise,
                .seed = seed_,
                .device = torch_device(context.device),
                .noise_degrees_of_freedom = options.diffusion.noise_degrees_of_freedom,
                .mirror_signs = options.training.mirror ? mirror_signs(samples.content().variables,
                                                                       samples.channel_names())
                                                        : std::vector<float>{}}),
      ahead_(batches_),
      network_(network_on(torch_device(context.device), network, seed_)),
      average_(network_on(torch_device(context.device), network, seed_)),
      parameters_(network_->parameters()),
      optimizer_(*network_,
                 {options.training.weight_decay, options.training.beta1, options.training.beta2}),
      weight_average_(*network_, *average_, options.training.ema_decay),
      reducer_(context.comm, parameters_, options.training.bucket_mib) {
  check_batch(options, context.comm.size());
  check_patch(options, network);
  if (options.training.stage == "gan")
    adversary_.emplace(context, options, network.out_channels,
                       network.in_channels - network.out_channels);
  keep_freed_memory();
  network_->set_precision(precision_of(options.training.precision));
  if (options.training.recompute) network_->recompute_blocks(true);
  network_->train();
  average_->eval();
}

std::vector<std::vector<Patch>> Trainer::own_parts(std::int64_t step) const {
  const Block share = block_of(options_.batch, context_.comm.rank(), context_.comm.size());
  const std::int64_t n_own = share.last - share.first;
  const auto n_parts = static_cast<int>(std::min(options_.accumulation, n_own));
  std::vector<std::vector<Patch>> parts;
  for (int i_part = 0; i_part < n_parts; ++i_part) {
    const Block part = block_of(n_own, i_part, n_parts);
    parts.emplace_back();
    for (std::int64_t i = part.first; i < part.last; ++i) {
      parts.back().push_back(plan_.patch(step, static_cast<std::size_t>(share.first + i)));
    }
  }
  return parts;
}

/// Forward and backward of a part; returns its errors [n, v].
torch::Tensor Trainer::pass(const Batch& batch, BatchPart part, double n_values) {
  const InRegion passes(regions(), Region::network);
  const torch::Tensor weights =
      torch::tensor(variable_weights_, torch::kFloat32).to(torch_device(context_.device));
  network_->set_dropout_stream(seed_, static_cast<std::uint64_t>(step_), batch.patch_ids);
  const torch::Tensor output = network_->forward(batch.input, batch.time);
  const torch::Tensor error = squared_errors(output, batch);
  torch::Tensor loss = (error * weights).sum() / n_values;
  // What the adversary adds has this gradient.
  if (has_adversary()) loss = loss + (output * adversary_->judge(output, batch, part)).sum();
  if (part == BatchPart::last) reducer_.arm();
  loss.backward();
  return error.detach();
}

StepReport Trainer::compute_gradients(StopWish wish) {
  StepReport report{.step = step_ + 1};
  report.learning_rate =
      learning_rate({options_.learning_rate, options_.warmup, options_.steps}, step_);
  const double n_values =
      static_cast<double>(options_.batch * options_.patch_size[0] * options_.patch_size[1] *
                          network_->config().out_channels);
  std::vector<double> own{wish == StopWish::stop ? 1.0 : 0.0};
  std::vector<std::pair<torch::Tensor, torch::Tensor>> errors;  // and counts, of each part
  const auto parts = own_parts(step_), next_parts = own_parts(step_ + 1);
  for (std::size_t i_part = 0; i_part < parts.size(); ++i_part) {
    const WallTime since_start;
    const InRegion inputs(regions(), Region::inputs);
    const bool is_last = i_part + 1 == parts.size();
    const Batch batch =
        ahead_.take(parts[i_part], is_last ? next_parts.front() : parts[i_part + 1]);
    report.data_s += since_start.elapsed_s();
    errors.emplace_back(pass(batch, is_last ? BatchPart::last : BatchPart::inner, n_values),
                        batch.counts);
  }
  const InRegion exchange(regions(), Region::exchange);
  const WallTime since_passes;
  if (has_adversary()) report.adversary = adversary_->finish();
  reducer_.finish();
  for (const auto& [error, counts] : errors) append_rows(error, counts, own);
  share(own, report);
  report.reduction_s = since_passes.elapsed_s();
  // Missing values do not count: divide by the values that do. Exactly 1 where none is missing.
  const double n_weighted = report.parts.n_values();
  if (n_weighted > 0) scale_gradients(parameters_, n_values / n_weighted);
  report.loss = n_weighted > 0 ? report.parts.all() : 0;
  report.gradient_norm = gradient_norm(parameters_);
  return report;
}

/// Puts the wishes and errors of all ranks together, patch by patch in the order of the batch.
void Trainer::share(const std::vector<double>& own, StepReport& report) const {
  const std::vector<double> all = gather_blocks(context_.comm, own);
  report.parts = LossTable(variable_weights_);
  const std::size_t n_row = 2 * variable_weights_.size();
  std::span<const double> rest = all;
  for (int rank = 0; rank < context_.comm.size(); ++rank) {
    report.wants_stop = report.wants_stop || rest.front() > 0;
    rest = rest.subspan(1);
    const Block share = block_of(options_.batch, rank, context_.comm.size());
    for (std::int64_t i = share.first; i < share.last; ++i) {
      const Patch patch = plan_.patch(step_, static_cast<std::size_t>(i));
      report.parts.add(LossTable::fifth_of(patch.noise_level, n_levels_), rest.first(n_row));
      rest = rest.subspan(n_row);
    }
  }
}

void Trainer::update(const StepReport& report) {
  HINDSCALE_ASSERT(report.step == step_ + 1);
  const InRegion update(regions(), Region::update);
  const double limit = options_.gradient_clip;
  if (limit > 0 && report.gradient_norm > limit)
    scale_gradients(parameters_, limit / report.gradient_norm);
  optimizer_.step(report.learning_rate);
  optimizer_.clear_gradients();
  if (report.adversary) adversary_->update(*report.adversary, report.learning_rate);
  weight_average_.update(step_);
  ++step_;
}

std::vector<Month> Trainer::months_of(std::int64_t step) const {
  std::vector<Month> months;
  for (std::int64_t i = 0; i < options_.batch; ++i) {
    months.push_back(months_[plan_.patch(step - 1, static_cast<std::size_t>(i)).i_item]);
  }
  return months;
}

void Trainer::save(CheckpointContent& content) const {
  content.model.merge(copy_parameters(*network_, "raw."));
  content.model.merge(copy_parameters(*average_, "average."));
  content.optimizer = optimizer_.state();
  if (adversary_) adversary_->save(content);
}

void Trainer::begin_with(const CheckpointContent& content) {
  load_parameters(*network_, content.model, "average.");
  load_parameters(*average_, content.model, "average.");
}

void Trainer::restore(const CheckpointContent& content, std::int64_t step) {
  load_parameters(*network_, content.model, "raw.");
  load_parameters(*average_, content.model, "average.");
  optimizer_.restore(content.optimizer);
  if (adversary_) adversary_->restore(content);
  step_ = step;
}

}  // namespace hindscale
