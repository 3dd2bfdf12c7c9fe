// SPDX-License-Identifier: Apache-2.0
// The options of &calibration, each declared once.
#pragma once

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &calibration: the ways to sample that are compared on months a network has not seen.
struct CalibrationOptions {
  std::vector<std::string> samplers;
  std::vector<std::int64_t> steps;
  std::vector<double> etas, churns, tolerances, noise_scales;
  std::int64_t members, months;
  double tolerance;

  CalibrationOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("samplers", samplers, {"multistep", "dpmpp_2m"},
          {.meaning = "samplers to try, by their names in sampling/sampler",
           .choices = {"ddpm", "ddim", "multistep", "dpmpp_2m", "dpmpp_2s", "euler", "heun",
                       "euler_maruyama", "predictor_corrector", "adaptive"}});
    visit("steps", steps, {4, 6, 8, 12},
          {.unit = "1",
           .meaning = "numbers of steps to try with each but 'adaptive', which chooses its own",
           .range = at_least(1)});
    visit("etas", etas, {},
          {.unit = "1",
           .meaning = "shares of fresh noise to try with 'ddim' and 'predictor_corrector', see "
                      "sampling/eta",
           .range = between(0, 1),
           .default_text = "that of sampling/eta"});
    visit("churns", churns, {},
          {.unit = "1",
           .meaning = "fresh noise to try with 'euler' and 'heun', see sampling/churn",
           .range = at_least(0),
           .default_text = "that of sampling/churn"});
    visit("tolerances", tolerances, {},
          {.unit = "1",
           .meaning = "errors of a step to try with 'adaptive', see sampling/tolerance",
           .range = above(0),
           .default_text = "that of sampling/tolerance"});
    visit("noise_scales", noise_scales, {0.95, 1.0, 1.05, 1.1, 1.15, 1.2},
          {.unit = "1",
           .meaning = "standard deviations of the noise to try with each way to sample; none: 1",
           .range = above(0)});
    visit("members", members, 8,
          {.unit = "1", .meaning = "members of the ensembles compared", .range = at_least(2)});
    visit("months", months, 12,
          {.unit = "months",
           .meaning = "months sampled with each network, spread evenly over the validation years, "
                      "or over the years it left out",
           .range = at_least(1)});
    visit("tolerance", tolerance, 0.01,
          {.unit = "1",
           .meaning = "share of the best CRPS that fewer evaluations or a better spread may cost",
           .range = at_least(0)});
  }
};

}  // namespace hindscale
