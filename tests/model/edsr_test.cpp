// SPDX-License-Identifier: Apache-2.0
// EDSR: shape, size and reach of the network, and its evaluation.
#include "hindscale/model/edsr.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "hindscale/core/error.hpp"
#include "hindscale/model/evaluator.hpp"

namespace hindscale {
namespace {

NetworkConfig tiny_edsr() {
  NetworkConfig config = network_preset("edsr", 3, 2);
  config.channels = 8;
  config.residual_blocks = 2;
  return config;
}

/// Away from its initial zeros.
Edsr stirred(const NetworkConfig& config) {
  Edsr network(config, 11);
  torch::manual_seed(4);
  const torch::NoGradGuard no_gradient;
  for (torch::Tensor& parameter : network->parameters())
    parameter.add_(0.05 * torch::randn_like(parameter));
  return network;
}

const torch::Tensor no_time = torch::zeros({1});

TEST(Edsr, gives_zero_before_it_has_learnt) {
  Edsr network(tiny_edsr(), 1);
  const torch::Tensor y = network->forward(torch::randn({2, 3, 8, 12}), no_time);
  EXPECT_EQ(y.sizes(), (std::vector<std::int64_t>{2, 2, 8, 12}));
  EXPECT_EQ(y.abs().max().item<float>(), 0);
}

// Lim et al. 2017, table 1: the baseline has 16 blocks of 64 channels. Here the input is folded,
// and one sub-pixel convolution leads back.
TEST(Edsr, baseline_has_the_parameters_of_its_layers) {
  const auto convolution = [](std::int64_t in, std::int64_t out) { return out * (9 * in + 1); };
  const std::int64_t expected = convolution(4 * 6, 64) + 32 * convolution(64, 64) +
                                convolution(64, 64) + convolution(64, 256) + convolution(64, 1);
  EXPECT_EQ(parameter_count(*make_network(network_preset("edsr", 6, 1), 1)), expected);
}

TEST(Edsr, operations_are_those_of_its_convolutions) {
  const NetworkConfig config = tiny_edsr();
  const double fine = 8 * 12, coarse = fine / 4;
  const double expected = coarse * 9 * (4 * 3 * 8 + 5 * 8 * 8 + 8 * 32) + fine * 9 * 8 * 2;
  EXPECT_EQ(flop_of(config, 8, 12), 2 * expected);
}

/// The same network written down once more, layer by layer.
TEST(Edsr, is_the_composition_of_its_layers) {
  const torch::NoGradGuard no_gradient;
  Edsr network = stirred(tiny_edsr());
  const auto p = network->named_parameters();
  const auto layer = [&](const std::string& name, const torch::Tensor& x) {
    return torch::conv2d(x, p[name + ".weight"], p[name + ".bias"], 1, 1);
  };
  const torch::Tensor x = torch::randn({1, 3, 8, 12});
  // Pixels of a 2 x 2 square in the order (row, column), channel by channel.
  const torch::Tensor folded =
      x.reshape({1, 3, 4, 2, 6, 2}).permute({0, 1, 3, 5, 2, 4}).reshape({1, 12, 4, 6});
  const torch::Tensor start = layer("input", folded);
  torch::Tensor h = start;
  for (const auto& [first, second] : {std::pair{"blocks.0", "blocks.1"}, {"blocks.2", "blocks.3"}})
    h = h + 0.1 * layer(second, torch::relu(layer(first, h)));
  h = layer("upsampling.0", start + layer("last", h));
  h = h.reshape({1, 8, 2, 2, 4, 6}).permute({0, 1, 4, 2, 5, 3}).reshape({1, 8, 8, 12});
  EXPECT_LT((layer("output", h) - network->forward(x, no_time)).abs().max().item<float>(), 1e-5);
}

TEST(Edsr, a_sample_is_evaluated_alike_alone_and_among_others) {
  const Edsr network = stirred(tiny_edsr());
  const auto evaluator = make_evaluator(network, {.height = 8, .width = 12});
  const torch::Tensor x = torch::randn({3, 3, 8, 12});
  const torch::Tensor all = evaluate(*evaluator, x, 0);
  for (std::int64_t i = 0; i < 3; ++i)
    EXPECT_TRUE(evaluate(*evaluator, x.slice(0, i, i + 1), 500).equal(all.slice(0, i, i + 1)));
  const torch::NoGradGuard no_gradient;
  EXPECT_LT((all - stirred(tiny_edsr())->forward(x, no_time)).abs().max().item<float>(), 1e-6);
}

TEST(Edsr, survives_its_description) {
  const nlohmann::json json = network_to_json(tiny_edsr());
  EXPECT_EQ(network_to_json(network_from_json(json)), json);
  EXPECT_EQ(json.at("architecture"), "edsr");
  const nlohmann::json unet = network_to_json(network_preset("small", 3, 2));
  EXPECT_FALSE(unet.contains("architecture"));  // as written before there was a choice
  EXPECT_EQ(network_from_json(unet).architecture, Architecture::unet);
}

TEST(Edsr, refuses_what_it_does_not_have) {
  const auto refuses = [](auto change) {
    NetworkConfig config = tiny_edsr();
    change(config);
    EXPECT_THROW(make_network(config, 1), InputError);
  };
  refuses([](NetworkConfig& config) { config.multipliers = {1, 2}; });
  refuses([](NetworkConfig& config) { config.attention_levels = {0}; });
  refuses([](NetworkConfig& config) { config.attention_middle = true; });
  refuses([](NetworkConfig& config) { config.dropout = 0.1; });
}

}  // namespace
}  // namespace hindscale
