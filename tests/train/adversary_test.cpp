// SPDX-License-Identifier: Apache-2.0
// The adversary of a generator: gradients, masks, ranks, balance, checkpoints.
#include "hindscale/train/adversary.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "hindscale/model/network.hpp"
#include "train/workplace.hpp"

namespace hindscale {
namespace {

constexpr std::int64_t n_patches = 4, n_variables = 2, n_conditions = 3;

Options adversary_options() {
  Options options;
  options.training.stage = "gan";
  options.training.batch = n_patches;
  options.gan.channels = 4;
  options.gan.start = 0;
  options.gan.adversarial_weight = 0.7;
  options.gan.feature_weight = 0.3;
  return options;
}

/// Patches [first, last) of a fixed batch; a corner of the first has no data.
struct Parts {
  torch::Tensor output;
  Batch batch;
};
Parts parts(std::int64_t first, std::int64_t last) {
  torch::manual_seed(3);
  const auto field = [&](std::int64_t channels) {
    return torch::randn({n_patches, channels, 8, 12}).slice(0, first, last);
  };
  Parts made{field(n_variables), {}};
  made.batch.target = field(n_variables);
  made.batch.input = field(n_variables + n_conditions);
  torch::Tensor weight = torch::ones({n_patches, n_variables, 8, 12});
  weight.index_put_({0, torch::indexing::Slice(), torch::indexing::Slice(0, 4)}, 0);
  made.batch.weight = weight.slice(0, first, last);
  return made;
}

struct AdversaryTest : testing::Test {
  Context world = test::world_context();
  Context alone{};
  Options options = adversary_options();
  [[nodiscard]] Adversary adversary(const Context& context) const {
    return {context, options, n_variables, n_conditions};
  }
  /// A whole batch on one rank.
  struct Judged {
    torch::Tensor gradient;
    AdversaryTerms terms;
  };
  [[nodiscard]] Judged judge(const Parts& p) const {
    Adversary one = adversary(alone);
    torch::Tensor gradient = one.judge(p.output, p.batch, BatchPart::last);
    return {gradient, one.finish()};
  }
};

TEST_F(AdversaryTest, gradient_is_that_of_its_terms) {
  Parts p = parts(0, n_patches);
  const Judged judged = judge(p);
  // The mean of judgements divides by the places that count, the gradient by all.
  const double share = p.batch.weight.mean().item<double>();
  const auto loss = [&](const torch::Tensor& output) {
    const AdversaryTerms terms = judge({output, p.batch}).terms;
    return options.gan.adversarial_weight * share * terms.adversarial +
           options.gan.feature_weight * terms.feature;
  };
  // Along the gradient the slope is steepest; elsewhere it drowns in float32.
  const double length = judged.gradient.norm().item<double>();
  const torch::Tensor direction =
      judged.gradient * (std::sqrt(static_cast<double>(p.output.numel())) / length);
  constexpr double step = 2e-3;
  const double slope =
      (loss(p.output + step * direction) - loss(p.output - step * direction)) / (2 * step);
  EXPECT_NEAR((judged.gradient * direction).sum().item<double>(), slope, 2e-2 * std::abs(slope));
}

TEST_F(AdversaryTest, places_without_data_have_no_say) {
  Parts p = parts(0, n_patches);
  const Judged judged = judge(p);
  EXPECT_EQ(judged.gradient.masked_select(p.batch.weight == 0).abs().max().item<float>(), 0);
  EXPECT_GT(judged.gradient.abs().max().item<float>(), 0);
  for (torch::Tensor* field : {&p.output, &p.batch.target})
    *field = torch::where(p.batch.weight > 0, *field, torch::full_like(*field, 100));
  EXPECT_TRUE(judge(p).gradient.equal(judged.gradient));
}

TEST_F(AdversaryTest, ranks_learn_what_one_learns_from_the_whole_batch) {
  const auto block = block_of(n_patches, world.comm.rank(), world.comm.size());
  Adversary many = adversary(world), one = adversary(alone);
  const auto learn = [](Adversary& adversary, const Parts& p) {
    adversary.judge(p.output, p.batch, BatchPart::last);
    const AdversaryTerms terms = adversary.finish();
    adversary.update(terms, 1e-2);
    return terms;
  };
  for (int i = 0; i < 2; ++i) {
    const AdversaryTerms a = learn(many, parts(block.first, block.last)),
                         b = learn(one, parts(0, n_patches));
    EXPECT_NEAR(a.discriminator, b.discriminator, 1e-4);
    EXPECT_NEAR(a.adversarial, b.adversarial, 1e-4);
    EXPECT_NEAR(a.feature, b.feature, 1e-4);
  }
}

TEST_F(AdversaryTest, learns_to_tell_true_from_made_until_it_knows_enough) {
  options.gan.least_loss = 1.0;
  Adversary one = adversary(alone);
  Parts p = parts(0, n_patches);
  p.output = p.output * 0.1;  // much smoother than the truth
  AdversaryTerms terms;
  int n_trained = 0;
  for (int i = 0; i < 200; ++i) {
    one.judge(p.output, p.batch, BatchPart::last);
    terms = one.finish();
    one.update(terms, 2e-3);
    n_trained += static_cast<int>(terms.trained);
  }
  EXPECT_LT(terms.discriminator, 1.0);
  EXPECT_EQ(terms.trained, 0);
  EXPECT_LT(n_trained, 200);
  EXPECT_GT(n_trained, 5);
}

TEST_F(AdversaryTest, goes_on_from_a_checkpoint_bit_for_bit) {
  const Parts p = parts(0, n_patches);
  const auto step = [&](Adversary& adversary) {
    adversary.judge(p.output, p.batch, BatchPart::last);
    const AdversaryTerms terms = adversary.finish();
    adversary.update(terms, 1e-2);
    return terms.discriminator;
  };
  Adversary first = adversary(alone);
  step(first);
  CheckpointContent content;
  first.save(content);
  options.experiment.seed = 99;
  Adversary second = adversary(alone);
  second.restore(content);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(step(first), step(second));
  content.model.erase("discriminator.layer2.left");
  EXPECT_THROW(second.restore(content), InputError);
}

}  // namespace
}  // namespace hindscale
