// SPDX-License-Identifier: Apache-2.0
// The options of &training, each declared once.
#pragma once

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &training: the optimisation.
struct TrainingOptions {
  std::string stage, precision;
  std::int64_t steps, batch, accumulation;
  std::vector<std::int64_t> patch_size;
  double learning_rate;
  std::int64_t warmup;
  bool mirror, recompute;
  double weight_decay, beta1, beta2, gradient_clip, ema_decay;
  std::int64_t log_every, validate_every, validation_members, validation_months, validation_steps;
  std::int64_t checkpoint_every, keep_checkpoints, stop_step;
  double bucket_mib;
  std::int64_t cache_mib;
  std::vector<double> variable_weights;
  std::int64_t folds, fold;
  std::string initial_weights;

  [[nodiscard]] bool is_deterministic() const { return stage != "diffusion"; }

  TrainingOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("stage", stage, "diffusion",
          {.meaning = "which network is trained: the 'diffusion', whose checkpoints lie in "
                      "checkpoints/, a 'regression' for the conditional mean, in regression/, or "
                      "with an adversary (&gan) a generator of one field that looks true, in gan/",
           .choices = {"diffusion", "regression", "gan"}});
    visit("steps", steps, 2500,
          {.unit = "steps",
           .meaning = "optimiser steps of the whole training",
           .range = at_least(1)});
    visit("batch", batch, 8,
          {.unit = "patches",
           .meaning = "patches of one optimiser step, over all ranks and accumulations together",
           .range = at_least(1)});
    visit("accumulation", accumulation, 1,
          {.unit = "1",
           .meaning = "parts a step's batch is computed in, one after the other, to save memory; "
                      "divides training/batch",
           .range = at_least(1)});
    visit("patch_size", patch_size, {40, 48},
          {.unit = "fine cells",
           .meaning = "rows and columns of a training patch",
           .range = at_least(1),
           .length = 2});
    visit("mirror", mirror, false,
          {.meaning =
               "show half of the patches as in a mirror along a circle of latitude: north "
               "for south, northward winds (as anomalies from their training mean) and the season "
               "reversed, as the laws of the atmosphere allow. More to learn from where months "
               "are few"});
    visit("variable_weights", variable_weights, {},
          {.unit = "1",
           .meaning = "weight of each of dataset/variables in the loss, divided by their mean",
           .range = above(0),
           .default_text = "1 for each of dataset/variables"});
    visit("learning_rate", learning_rate, 1e-3,
          {.unit = "1", .meaning = "largest learning rate of AdamW", .range = above(0)});
    visit("warmup", warmup, 100,
          {.unit = "steps",
           .meaning = "steps over which the learning rate rises; a cosine lets it fall afterwards",
           .range = at_least(0),
           .default_text = "100, or training/steps where that is less"});
    visit("weight_decay", weight_decay, 0.01,
          {.unit = "1", .meaning = "weight decay of AdamW", .range = at_least(0)});
    visit("beta1", beta1, 0.9,
          {.unit = "1",
           .meaning = "memory of the mean gradient in AdamW",
           .range = between(0, 0.999999)});
    visit("beta2", beta2, 0.99,
          {.unit = "1",
           .meaning = "memory of the mean squared gradient in AdamW",
           .range = between(0, 0.999999)});
    visit("gradient_clip", gradient_clip, 1.0,
          {.unit = "1",
           .meaning = "largest norm of the gradient, beyond which it is scaled down; 0: none",
           .range = at_least(0)});
    visit("precision", precision, "auto",
          {.meaning = "numbers of the forward and backward passes; weights, their gradients and "
                      "the loss are float32 always. 'bfloat16': about twice as fast where the "
                      "processor has it. 'auto': bfloat16 there, else float32",
           .choices = {"auto", "float32", "bfloat16"}});
    visit("ema_decay", ema_decay, 0.997,
          {.unit = "1",
           .meaning = "memory of the running average of the weights, which reconstructions use",
           .range = between(0, 0.999999)});
    visit(
        "log_every", log_every, 20,
        {.unit = "steps", .meaning = "steps between two lines of progress", .range = at_least(1)});
    visit("validate_every", validate_every, 500,
          {.unit = "steps", .meaning = "steps between two validations", .range = at_least(1)});
    visit("validation_members", validation_members, 4,
          {.unit = "1",
           .meaning = "members sampled for the CRPS of a validation",
           .range = at_least(2)});
    visit("validation_months", validation_months, 12,
          {.unit = "months",
           .meaning = "months of the validation years sampled in a validation",
           .range = at_least(1)});
    visit("validation_steps", validation_steps, 6,
          {.unit = "1", .meaning = "sampling steps in a validation", .range = at_least(1)});
    visit("checkpoint_every", checkpoint_every, 500,
          {.unit = "steps", .meaning = "steps between two checkpoints", .range = at_least(1)});
    visit(
        "keep_checkpoints", keep_checkpoints, 3,
        {.unit = "1", .meaning = "newest checkpoints kept besides the best", .range = at_least(1)});
    visit("stop_step", stop_step, 0,
          {.unit = "steps",
           .meaning = "end cleanly after this step, the learning-rate schedule unchanged; 0: none",
           .range = at_least(0)});
    visit("folds", folds, 0,
          {.unit = "1",
           .meaning = "parts the training years are dealt into, year by year, for networks that "
                      "leave one part out: 'calibrate' samples each part with the network that "
                      "has not seen it, instead of the validation years; a diffusion with a "
                      "regression learns what the regressions leave of the part that they have "
                      "not seen. 0: none",
           .range = at_least(0)});
    visit("fold", fold, 0,
          {.unit = "1",
           .meaning = "part of training/folds that is left out and validated on, counted from 1; "
                      "the network goes to folds/N in experiment/directory. 0: learn from all "
                      "training years",
           .range = at_least(0)});
    visit(
        "initial_weights", initial_weights, "",
        {.meaning = "a checkpoint of another training, or a folder of them, whose best one counts: "
                    "its averaged weights are what this training begins with. A network of the "
                    "same shape that was shown the same channels: of another region or record, "
                    "or for a diffusion its regression. Empty: random numbers"});
    visit("recompute", recompute, false,
          {.meaning = "keep only the inputs of the network's blocks for the backward pass and "
                      "compute the rest again: less memory, for larger patches and batches, and "
                      "about a third more time"});
    visit("bucket_mib", bucket_mib, 0.5,
          {.unit = "MiB",
           .meaning = "gradients reduced over the ranks in one message",
           .range = above(0)});
    visit("cache_mib", cache_mib, 2048,
          {.unit = "MiB",
           .meaning = "memory a rank may use to keep samples read from the store",
           .range = at_least(0)});
  }
};

}  // namespace hindscale
