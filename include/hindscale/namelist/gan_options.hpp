// SPDX-License-Identifier: Apache-2.0
// The options of &gan, each declared once.
#pragma once

#include "hindscale/namelist/option.hpp"

namespace hindscale {

/// &gan: the adversary of training/stage = 'gan'.
struct GanOptions {
  std::int64_t start, channels;
  double adversarial_weight, feature_weight, rate, least_loss;

  GanOptions() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("start", start, 1000,
          {.unit = "steps",
           .meaning = "optimiser steps on the squared error alone, before the adversary comes in",
           .range = at_least(0)});
    visit("channels", channels, 32,
          {.unit = "1",
           .meaning = "feature channels of the discriminator at full resolution",
           .range = at_least(1)});
    visit("adversarial_weight", adversarial_weight, 0.02,
          {.unit = "1",
           .meaning = "weight of the adversarial term (hinge) beside the squared error",
           .range = at_least(0)});
    visit("feature_weight", feature_weight, 0.1,
          {.unit = "1",
           .meaning = "weight of the feature term: mean absolute difference of the "
                      "discriminator's features of the true and the generated field",
           .range = at_least(0)});
    visit("rate", rate, 0.5,
          {.unit = "1",
           .meaning = "learning rate of the discriminator as a multiple of training/learning_rate",
           .range = above(0)});
    visit("least_loss", least_loss, 0.5,
          {.unit = "1",
           .meaning = "hinge loss (2: it knows nothing, 0: it is always right) below which the "
                      "discriminator is not trained, so that the generator can catch up",
           .range = between(0, 2)});
  }
};

}  // namespace hindscale
