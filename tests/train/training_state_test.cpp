// SPDX-License-Identifier: Apache-2.0
// What checkpoints of older programs mean.
#include "hindscale/train/training_state.hpp"

#include <gtest/gtest.h>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using Json = nlohmann::json;

DiffusionOptions diffusion_of(const Json& diffusion) {
  return conditioning_options_of({{"diffusion", diffusion}}).diffusion;
}

TEST(TrainingState, consistency_was_a_logical_once) {
  EXPECT_EQ(diffusion_of({{"consistency", true}}).consistency, "enforce");
  EXPECT_EQ(diffusion_of({{"consistency", false}}).consistency, "none");
  EXPECT_EQ(diffusion_of({{"consistency", "report"}}).consistency, "report");
  EXPECT_EQ(diffusion_of(Json::object()).consistency, "enforce");
  EXPECT_THROW(diffusion_of({{"consistency", 3}}), InputError);
}

/// A state, or the description of a training, that differ in the consistency alone.
Json state_of(const Json& consistency) {
  return {{"determined_by", {{"diffusion/consistency", consistency}}},
          {"variables", {"pr"}},
          {"channels", {"pr_lerp"}},
          {"network", {{"levels", 2}}},
          {"store", {{"sha256", "0"}}}};
}

TEST(TrainingState, a_training_goes_on_where_the_same_is_enforced) {
  EXPECT_NO_THROW(require_same_training(state_of(true), state_of("enforce"), "folder"));
  EXPECT_NO_THROW(require_same_training(state_of(false), state_of("none"), "folder"));
  EXPECT_THROW(require_same_training(state_of(false), state_of("enforce"), "folder"), InputError);
  EXPECT_THROW(require_same_training(state_of(true), state_of("none"), "folder"), InputError);
}

}  // namespace
}  // namespace hindscale
