// SPDX-License-Identifier: Apache-2.0
// The discriminator: bounded by its spectral norms, of a known reach.
#include "hindscale/model/discriminator.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace hindscale {
namespace {

TEST(SpectralConvolution, output_is_that_of_a_weight_of_spectral_norm_one) {
  torch::manual_seed(1);
  SpectralConvolution layer(3, 6, 1);
  const torch::NoGradGuard no_gradient;
  torch::Tensor weight = layer->named_parameters()["weight"],
                bias = layer->named_parameters()["bias"];
  weight.normal_();
  bias.normal_();
  for (int i = 0; i < 200; ++i) layer->iterate();
  const double norm =
      std::get<1>(torch::linalg_svd(weight.reshape({6, 27}), false)).max().item<double>();
  const torch::Tensor x = torch::randn({2, 3, 7, 9});
  const torch::Tensor expected = torch::conv2d(x, weight / norm, bias, 1, 1);
  EXPECT_LT((layer->forward(x) - expected).abs().max().item<double>(), 1e-4);
}

TEST(Discriminator, judges_every_fourth_place) {
  Discriminator network(5, 4, 1);
  const Judgement judgement = network->forward(torch::randn({2, 5, 12, 18}));
  EXPECT_EQ(judgement.values.sizes(), (std::vector<std::int64_t>{2, 1, 3, 5}));
  EXPECT_EQ(judgement.features.size(), 4U);
  EXPECT_EQ(judgement.features[1].sizes(), (std::vector<std::int64_t>{2, 8, 6, 9}));
}

TEST(Discriminator, weights_follow_from_the_seed) {
  const torch::Tensor x = torch::randn({1, 5, 12, 12});
  const torch::Tensor first = Discriminator(5, 4, 1)->forward(x).values;
  EXPECT_TRUE(first.equal(Discriminator(5, 4, 1)->forward(x).values));
  EXPECT_FALSE(first.equal(Discriminator(5, 4, 2)->forward(x).values));
}

}  // namespace
}  // namespace hindscale
