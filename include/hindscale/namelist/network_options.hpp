// SPDX-License-Identifier: Apache-2.0
// The options of &model and &diffusion, each declared once.
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
  bool two_grid_waves;
  bool season, position, climatology, base, relief, mask;
  bool context, previous_month;

  /// Keys set by the user; the others follow the preset (see `resolved`).
  std::set<std::string> given{};

  ModelOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit(
        "preset", preset, "small",
        {.meaning = "the values of all other options of this group that are not set: 'small' for "
                    "CPUs, 'dpdm' the published network, 'custom' none (all of them must be set); "
                    "'edsr' another network, EDSR, for training/stage = 'gan' or 'regression'",
         .choices = {"small", "dpdm", "edsr", "custom"}});
    visit("channels", channels, 32,
          {.unit = "1",
           .meaning = "feature channels at full resolution",
           .range = at_least(1),
           .default_text = "small: 32, dpdm and edsr: 64"});
    visit("multipliers", multipliers, {1, 2, 2},
          {.unit = "1",
           .meaning = "feature channels of each level as multiples of model/channels; their number "
                      "is the number of levels, each half as fine as the one before; edsr: ones, "
                      "its blocks work at the last level",
           .range = at_least(1),
           .default_text = "small: 1, 2, 2; dpdm: 1, 1, 2, 4; edsr: 1, 1"});
    visit(
        "residual_blocks", residual_blocks, 1,
        {.unit = "1",
         .meaning = "residual blocks of a level on the way down, one more on the way up; edsr: all",
         .range = at_least(1),
         .default_text = "small and dpdm: 1, edsr: 16"});
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
           .range = between(0, 0.99),
           .default_text = "small and dpdm: 0.1, edsr: 0"});
    visit(
        "two_grid_waves", two_grid_waves, false,
        {.meaning = "waves of two cells' length in the noisy field, along each row and each column "
                    "of the patch, as input channels: for power at the finest scales; none in a "
                    "network of the mean, whose stages see no noise"});
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

}  // namespace hindscale
