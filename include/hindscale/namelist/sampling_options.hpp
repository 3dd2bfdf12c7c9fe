// SPDX-License-Identifier: Apache-2.0
// The options of &sampling and &tiling, each declared once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &sampling: how noise becomes a field.
struct SamplingOptions {
  std::string sampler, spacing;
  std::int64_t steps;
  double eta, clip, rho, churn, churn_noise;
  std::vector<double> sigma_range, churn_range, noise_scale;
  std::int64_t corrections;
  std::string corrector, precision;
  double corrector_size, tolerance;
  bool device_state;

  SamplingOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit(
        "sampler", sampler, "multistep",
        {.meaning = "integration. One evaluation of the network a step: 'ddpm' ancestral as "
                    "published, 'ddim' and 'euler' first order, 'multistep' and 'dpmpp_2m' second "
                    "order, 'euler_maruyama' of the SDE. Two a step: 'heun', 'dpmpp_2s'. "
                    "'predictor_corrector': ddim, then Langevin steps. 'adaptive': as many as the "
                    "tolerance needs",
         .choices = {"ddpm", "ddim", "multistep", "dpmpp_2m", "dpmpp_2s", "euler", "heun",
                     "euler_maruyama", "predictor_corrector", "adaptive"},
         .determines_values = true});
    visit("steps", steps, 8,
          {.unit = "1",
           .meaning = "noise levels a field passes through, but for 'adaptive'",
           .range = at_least(1),
           .determines_values = true});
    visit("spacing", spacing, "auto",
          {.meaning = "how the levels are spaced: 'time' equal steps through those of training, "
                      "'rho' as Karras et al. (2022), 'auto' the first for the schedules 'cosine' "
                      "(but for 'heun' and 'euler_maruyama') and 'vp', else the second",
           .choices = {"auto", "time", "rho"},
           .determines_values = true});
    visit("sigma_range", sigma_range, {0.01, 80},
          {.unit = "1",
           .meaning = "least and largest ratio of noise to signal, for spacing 'rho'",
           .range = above(0),
           .length = 2,
           .determines_values = true});
    visit("rho", rho, 7.0,
          {.unit = "1",
           .meaning = "how strongly spacing 'rho' crowds small noise",
           .range = above(0),
           .determines_values = true});
    visit("precision", precision, "auto",
          {.meaning = "numbers inside the network; what is sampled is float32 always. 'bfloat16': "
                      "1.6 to 3 times as fast where the processor has it, 0.5 to 1 % of "
                      "rounding in an evaluation. 'auto': bfloat16 there, else float32; an archive "
                      "keeps what it began with",
           .choices = {"auto", "float32", "bfloat16"},
           .determines_values = true});
    visit(
        "device_state", device_state, false,
        {.meaning =
             "fields stay on the GPU from their noise to the end, and ranks that share one "
             "exchange rows from GPU to GPU (NCCL), where else the network alone is there. "
             "Has been run on CPUs alone, where it gives the same bytes and saves nothing; on GPUs "
             "last bits may differ. "
             "Not for tiling/stitching = 'separate'"});
    visit("eta", eta, 0.0,
          {.unit = "1",
           .meaning = "share of fresh noise in each step of 'ddim' and 'predictor_corrector': 0 "
                      "none, 1 as in ddpm",
           .range = between(0, 1),
           .determines_values = true});
    visit("clip", clip, 6.0,
          {.unit = "1",
           .meaning =
               "bound on the predicted clean field, in standard deviations of the target; 0: none",
           .range = at_least(0),
           .determines_values = true});
    visit("churn", churn, 0.0,
          {.unit = "1",
           .meaning = "fresh noise of 'euler' and 'heun' over all steps, S_churn of Karras et al.",
           .range = at_least(0),
           .determines_values = true});
    visit("churn_range", churn_range, {0, 1e9},
          {.unit = "1",
           .meaning = "least and largest ratio of noise to signal with churn",
           .range = at_least(0),
           .length = 2,
           .determines_values = true});
    visit("churn_noise", churn_noise, 1.0,
          {.unit = "1",
           .meaning = "standard deviation of the fresh noise, S_noise",
           .range = above(0),
           .determines_values = true});
    visit("corrections", corrections, 1,
          {.unit = "1",
           .meaning = "Langevin steps after each step of 'predictor_corrector'",
           .range = at_least(0),
           .determines_values = true});
    visit("corrector", corrector, "sda",
          {.meaning = "length of a Langevin step: 'sda' corrector_size over the mean square of the "
                      "noise found, 'snr' from a signal-to-noise ratio corrector_size",
           .choices = {"sda", "snr"},
           .determines_values = true});
    visit(
        "corrector_size", corrector_size, 0.25,
        {.unit = "1",
         .meaning = "size of a Langevin step, see corrector; such steps inflate variances, by the "
                    "rule of 'sda' by 1 / (1 - size / 2) or more",
         .range = above(0),
         .determines_values = true});
    visit("tolerance", tolerance, 1e-3,
          {.unit = "1",
           .meaning = "error of a step of 'adaptive', absolute and relative",
           .range = above(0),
           .determines_values = true});
    visit("noise_scale", noise_scale, {},
          {.unit = "1",
           .meaning = "standard deviation of the noise of each variable: more of it, more spread",
           .range = above(0),
           .default_text = "1 for each of dataset/variables",
           .determines_values = true});
  }
};

/// &tiling: the tiles a field is computed in.
struct TileOptions {
  std::vector<std::int64_t> size;
  std::int64_t overlap, crop, seam_members;
  std::string stitching;
  bool shifted, alternate;

  TileOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("size", size, {40, 80},
          {.unit = "fine cells",
           .meaning = "rows and columns of a tile",
           .range = at_least(1),
           .length = 2,
           .determines_values = true});
    visit("overlap", overlap, 7,
          {.unit = "fine cells",
           .meaning = "least number of rows or columns two neighbouring tiles share",
           .range = at_least(0),
           .determines_values = true});
    visit("crop", crop, 0,
          {.unit = "fine cells",
           .meaning = "rows and columns at the rim of a tile that are not used where another tile "
                      "covers them; at most half of tiling/overlap",
           .range = at_least(0),
           .determines_values = true});
    visit("stitching", stitching, "taper",
          {.meaning = "how tiles become a field: fused at every sampling step with weights that "
                      "'taper' towards their rims, or 'uniform' ones (CorrDiff); 'separate': each "
                      "sampled from its own noise, the mean of them at the end (DPDM)",
           .choices = {"taper", "uniform", "separate"},
           .determines_values = true});
    visit(
        "alternate", alternate, true,
        {.meaning = "move the tiles by half a stride at every second evaluation of the network, so "
                    "that what one tile has decided crosses its border at the next (less often "
                    "where that needs many more tiles); not for stitching = 'separate'",
         .determines_values = true});
    visit("shifted", shifted, false,
          {.meaning = "move the tiles by half a stride, so that borders come to lie inside tiles",
           .determines_values = true});
    visit("seam_members", seam_members, 2,
          {.unit = "1",
           .meaning = "members that are made a second time with the tiles moved by half a stride, "
                      "for the months of test_years, in shifted/ of the reconstruction: 'evaluate' "
                      "finds seams by the comparison; 0: none",
           .range = at_least(0)});
  }
};

}  // namespace hindscale
