// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/adversary.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <string>

#include "hindscale/model/bridge.hpp"
#include "hindscale/model/network.hpp"

namespace hindscale {
namespace {

constexpr const char* discriminator_prefix = "discriminator.";
enum Sum : std::size_t { discriminator, adversarial, feature, weight, places, n_sums };

/// Weights and power-iteration vectors.
NamedTensors state_of(const torch::nn::Module& module) {
  NamedTensors tensors = parameters_of(module);
  for (const auto& item : module.named_buffers()) tensors[item.key()] = item.value();
  return tensors;
}

NamedTensors with_prefix(const NamedTensors& tensors) {
  NamedTensors named;
  for (const auto& [name, tensor] : tensors)
    named[discriminator_prefix + name] = tensor.detach().to(torch::kCPU).contiguous().clone();
  return named;
}

NamedTensors without_prefix(const NamedTensors& tensors) {
  NamedTensors named;
  for (const auto& [name, tensor] : tensors)
    if (name.starts_with(discriminator_prefix))
      named[name.substr(std::string(discriminator_prefix).size())] = tensor;
  return named;
}

Discriminator discriminator_on(const torch::Device& device, const Options& options,
                               std::int64_t in_channels) {
  Discriminator network(in_channels, options.gan.channels,
                        static_cast<std::uint64_t>(options.experiment.seed));
  network->to(device);
  return network;
}

torch::Tensor feature_difference(const Judgement& made, const Judgement& real) {
  torch::Tensor sum = torch::zeros({}, made.values.options());
  for (std::size_t i = 0; i < made.features.size(); ++i) {
    const torch::Tensor difference = (made.features[i] - real.features[i].detach()).abs();
    sum = sum + difference.mean({1, 2, 3}).sum();
  }
  return sum;
}

}  // namespace

Adversary::Adversary(const Context& context, const Options& options, std::int64_t n_variables,
                     std::int64_t n_conditions)
    : context_(context),
      options_(options.gan),
      n_variables_(n_variables),
      batch_(options.training.batch),
      clip_(options.training.gradient_clip),
      discriminator_(
          discriminator_on(torch_device(context.device), options, n_variables + n_conditions)),
      parameters_(discriminator_->parameters()),
      optimizer_(*discriminator_, {.weight_decay = 0, .beta1 = 0.5, .beta2 = 0.99}),
      reducer_(context.comm, parameters_, options.training.bucket_mib),
      sums_(n_sums, 0.0) {}

/// Fields are zero where there are no data, true ones and made ones alike.
torch::Tensor Adversary::seen(const torch::Tensor& field, const Batch& batch) const {
  const torch::Tensor conditions =
      batch.input.narrow(1, n_variables_, batch.input.size(1) - n_variables_);
  return torch::cat({torch::where(batch.weight > 0, field, torch::zeros_like(field)), conditions},
                    1);
}

torch::Tensor Adversary::judge(const torch::Tensor& output, const Batch& batch, BatchPart part) {
  const torch::Tensor made = output.detach().requires_grad_();
  const Judgement of_made = discriminator_->forward(seen(made, batch));
  const Judgement of_real = discriminator_->forward(seen(batch.target, batch));
  // A judgement counts by the share of its places that have data.
  const torch::Tensor share =
      torch::adaptive_avg_pool2d((batch.weight > 0).to(torch::kFloat32).mean(1, true),
                                 {of_made.values.size(2), of_made.values.size(3)});
  const double n_places = static_cast<double>(batch_ * share.size(2) * share.size(3));
  const torch::Tensor adversarial = -(share * of_made.values).sum() / n_places;
  const torch::Tensor feature = feature_difference(of_made, of_real) / static_cast<double>(batch_);
  const torch::Tensor terms =
      options_.adversarial_weight * adversarial + options_.feature_weight * feature;
  const torch::Tensor gradient = torch::autograd::grad({terms}, {made}, {}, true).front();

  const torch::Tensor hinge =
      (share * (torch::relu(1 - of_real.values) + torch::relu(1 + of_made.values))).sum() /
      n_places;
  if (part == BatchPart::last) reducer_.arm();
  hinge.backward();
  sums_[Sum::discriminator] += hinge.item<double>() * n_places;
  sums_[Sum::adversarial] += adversarial.item<double>() * n_places;
  sums_[Sum::feature] += feature.item<double>();
  sums_[Sum::weight] += share.sum().item<double>();
  sums_[Sum::places] = n_places;
  return gradient;
}

AdversaryTerms Adversary::finish() {
  reducer_.finish();
  const std::vector<double> all = gather_blocks(context_.comm, sums_);
  std::vector<double> total(n_sums, 0.0);
  for (std::size_t i = 0; i < all.size(); ++i) total[i % n_sums] += all[i];
  std::ranges::fill(sums_, 0.0);
  const double count = std::max(total[Sum::weight], 1e-9);
  // As for the generator: divided by the places that count.
  scale_gradients(parameters_, total[Sum::places] / context_.comm.size() / count);
  const double loss = total[Sum::discriminator] / count;
  return {.discriminator = loss,
          .adversarial = total[Sum::adversarial] / count,
          .feature = total[Sum::feature],
          .trained = loss >= options_.least_loss ? 1.0 : 0.0};
}

void Adversary::update(const AdversaryTerms& terms, double learning_rate) {
  if (terms.trained > 0) {
    const double norm = gradient_norm(parameters_);
    if (clip_ > 0 && norm > clip_) scale_gradients(parameters_, clip_ / norm);
    optimizer_.step(options_.rate * learning_rate);
    discriminator_->iterate();
  }
  optimizer_.clear_gradients();
}

void Adversary::save(CheckpointContent& content) const {
  content.model.merge(with_prefix(state_of(*discriminator_)));
  content.optimizer.merge(with_prefix(optimizer_.state()));
}

void Adversary::restore(const CheckpointContent& content) {
  load_parameters(*discriminator_, content.model, discriminator_prefix);
  const torch::NoGradGuard no_gradients;
  for (auto& item : discriminator_->named_buffers()) {
    const auto found = content.model.find(discriminator_prefix + item.key());
    if (found == content.model.end()) {
      throw InputError(
          {.problem = "the checkpoint lacks a tensor", .value = discriminator_prefix + item.key()});
    }
    item.value().copy_(found->second);
  }
  optimizer_.restore(without_prefix(content.optimizer));
}

}  // namespace hindscale
