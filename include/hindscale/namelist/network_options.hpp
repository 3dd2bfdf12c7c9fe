// SPDX-License-Identifier: Apache-2.0
// The options of &model, &diffusion and &training, each declared once.
#pragma once

#include <set>

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &model: the network. A default-constructed value is the preset 'small'.
struct ModelOptions {
  std::string preset;
  std::int64_t channels;
  std::vector<std::int64_t> multipliers;
  std::int64_t residual_blocks;
  std::vector<std::int64_t> attention;
  bool attention_middle;
  std::int64_t groups;
  double dropout;
  bool season, position, climatology, base, relief, mask;
  bool context, previous_month;

  /// Keys set by the user; the others follow the preset (see `resolved`).
  std::set<std::string> given{};

  ModelOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("preset", preset, "small",
          {.meaning = "the values of all other options of this group that are not set: 'small' for "
                      "CPUs, 'dpdm' the published network, 'custom' none (all of them must be set)",
           .choices = {"small", "dpdm", "custom"}});
    visit("channels", channels, 32,
          {.unit = "1",
           .meaning = "feature channels at full resolution",
           .range = at_least(1),
           .default_text = "small: 32, dpdm: 64"});
    visit("multipliers", multipliers, {1, 2, 2},
          {.unit = "1",
           .meaning = "feature channels of each level as multiples of model/channels; their number "
                      "is the number of levels, each half as fine as the one before",
           .range = at_least(1),
           .default_text = "small: 1, 2, 2; dpdm: 1, 1, 2, 4"});
    visit("residual_blocks", residual_blocks, 1,
          {.unit = "1",
           .meaning = "residual blocks of a level on the way down; one more on the way up",
           .range = at_least(1)});
    visit(
        "attention", attention, {},
        {.unit = "1",
         .meaning =
             "levels with self-attention, counted from 0 = full resolution; 'attention =' for none",
         .range = at_least(0),
         .default_text = "small: none, dpdm: 2, 3"});
    visit("attention_middle", attention_middle, false,
          {.meaning = "self-attention at the coarsest point of the network",
           .default_text = "small: .false., dpdm: .true."});
    visit(
        "groups", groups, 8,
        {.unit = "1",
         .meaning = "channel groups of the group normalisation; divides the channels of each level",
         .range = at_least(1),
         .default_text = "small: 8, dpdm: 32"});
    visit("dropout", dropout, 0.1,
          {.unit = "1",
           .meaning = "share of features dropped while training",
           .range = between(0, 0.99)});
    visit("season", season, true,
          {.meaning = "sine and cosine of the calendar month as input channels",
           .default_text = "small: .true., dpdm: .false."});
    visit("position", position, true,
          {.meaning = "latitude and longitude as input channels",
           .default_text = "small: .true., dpdm: .false."});
    visit("climatology", climatology, true,
          {.meaning = "anomaly of the coarse field to its training climatology as input channels",
           .default_text = "small: .true., dpdm: .false."});
    visit("base", base, true,
          {.meaning = "correction made by the base (diffusion/base) and scale of the residual as "
                      "input channels",
           .default_text = "small: .true., dpdm: .false."});
    visit("relief", relief, true,
          {.meaning = "terrain height as an input channel; needs dataset/relief_file"});
    visit(
        "mask", mask, true,
        {.meaning =
             "land-sea mask as an input channel; needs dataset/mask_file or dataset/relief_file"});
    visit(
        "context", context, false,
        {.meaning = "the coarse field of the whole domain, resized to the patch or tile, as input "
                    "channels: what lies beyond its rim"});
    visit("previous_month", previous_month, false,
          {.meaning = "the coarse field of the month before as input channels; a month whose "
                      "predecessor is not in the source sees its own in that place"});
  }
};

/// &diffusion: what the network learns to predict.
struct DiffusionOptions {
  std::string prediction, target, base, scaling;
  std::int64_t timesteps;
  std::string schedule;
  double p_mean, p_std, noise_degrees_of_freedom;
  bool regression;
  std::string consistency;
  double area_weight;

  DiffusionOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("prediction", prediction, "v",
          {.meaning = "what the network predicts: the noise 'eps', or the mixture 'v' of noise and "
                      "field, steadier with few sampling steps",
           .choices = {"eps", "v"}});
    visit("target", target, "residual",
          {.meaning =
               "what is generated: the 'field' itself, as published, or its 'residual' on the base",
           .choices = {"field", "residual"}});
    visit("base", base, "local_ridge",
          {.meaning = "first guess the residual counts from: 'lerp' interpolates the coarse field, "
                      "'lerp_corrected' also removes its mean error of each calendar month, "
                      "'ridge' adds the ridge regression, 'local_ridge' the local ridge",
           .choices = {"lerp", "lerp_corrected", "ridge", "local_ridge"}});
    visit("scaling", scaling, "cell",
          {.meaning = "standard deviation the target is divided by: one a 'variable', or one a "
                      "'cell', smoothed over 3 x 3 cells",
           .choices = {"variable", "cell"}});
    visit("timesteps", timesteps, 1000,
          {.unit = "1", .meaning = "noise levels of the diffusion", .range = between(2, 100000)});
    visit("schedule", schedule, "cosine",
          {.meaning = "noise levels in training: 'cosine' as published for DPDM, 'vp' and 've' of "
                      "score-based diffusion, 'edm' log-normal, 'rho' the levels of a sampler",
           .choices = {"cosine", "vp", "ve", "edm", "rho"}});
    visit("p_mean", p_mean, 0.0,
          {.unit = "1",
           .meaning = "mean of the logarithm of noise over signal, for schedule = 'edm'"});
    visit("p_std", p_std, 1.2,
          {.unit = "1", .meaning = "its standard deviation", .range = above(0)});
    visit("noise_degrees_of_freedom", noise_degrees_of_freedom, 0.0,
          {.unit = "1",
           .meaning = "0: Gaussian noise; above 2: noise of Student's t with these degrees of "
                      "freedom, heavy-tailed for variables with rare extremes, the heavier the "
                      "fewer; for deterministic samplers",
           .range = at_least(0)});
    visit("regression", regression, false,
          {.meaning = "CorrDiff: generate what a regression network leaves, which training/stage = "
                      "'regression' trained before"});
    visit("consistency", consistency, "enforce",
          {.meaning = "means of the samples over coarse cells against the coarse field that drives "
                      "them: 'enforce' corrects base and samples as little as makes them equal "
                      "(needs domain/coarse = 'derived'; part of the training, so a reconstruction "
                      "follows its checkpoint), 'report' tells what they differ by; 'none'",
           .choices = {"none", "report", "enforce"},
           .default_text = "'enforce', but 'report' where domain/coarse = 'file'"});
    visit("area_weight", area_weight, 0.9,
          {.unit = "1",
           .meaning = "share of the cell area in the weight of a cell in the loss: 0 all cells "
                      "alike, 1 by area",
           .range = between(0, 1)});
  }

  [[nodiscard]] bool enforces_consistency() const { return consistency == "enforce"; }
};

/// &training: the optimisation.
struct TrainingOptions {
  std::string stage, precision;
  std::int64_t steps, batch, accumulation;
  std::vector<std::int64_t> patch_size;
  double learning_rate;
  std::int64_t warmup;
  bool mirror;
  double weight_decay, beta1, beta2, gradient_clip, ema_decay;
  std::int64_t log_every, validate_every, validation_members, validation_months, validation_steps;
  std::int64_t checkpoint_every, keep_checkpoints, stop_step;
  double bucket_mib;
  std::int64_t cache_mib;
  std::vector<double> variable_weights;
  std::int64_t folds, fold;

  TrainingOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("stage", stage, "diffusion",
          {.meaning = "which network is trained: the 'diffusion', whose checkpoints lie in "
                      "checkpoints/, or a 'regression' for the conditional mean, in regression/",
           .choices = {"diffusion", "regression"}});
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
          {.meaning = "show half of the patches as in a mirror along a circle of latitude: north "
                      "for south, northward winds and the season reversed, as the laws of the "
                      "atmosphere allow. More to learn from where months are few"});
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
