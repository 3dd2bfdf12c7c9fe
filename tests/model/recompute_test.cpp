// SPDX-License-Identifier: Apache-2.0
// A backward pass that computes blocks again: the same result, less kept on the way.
#include "hindscale/model/recompute.hpp"

#include <gtest/gtest.h>

#include <set>

#include "hindscale/model/network.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

NamedTensors gradients_of(UNet network, bool recomputes) {
  network->train();
  network->zero_grad();
  network->recompute_blocks(recomputes);
  network->set_dropout_stream(1, 2, {3, 4});
  torch::manual_seed(5);
  const torch::Tensor x = torch::randn({2, network->config().in_channels, 16, 24});
  const torch::Tensor y = network->forward(x, torch::tensor({20.0F, 700.0F}));
  (y * torch::randn_like(y)).sum().backward();
  NamedTensors gradients{{"output", y.detach()}};
  for (const auto& [name, parameter] : parameters_of(*network))
    gradients.emplace(name, parameter.grad().clone());
  return gradients;
}

TEST(Recompute, leaves_every_bit_of_output_and_gradients) {
  NetworkConfig config = tiny_config();
  config.dropout = 0.1;
  UNet network = drawn_network(config);
  const NamedTensors kept = gradients_of(network, false), again = gradients_of(network, true);
  for (const auto& [name, gradient] : kept)
    EXPECT_TRUE(torch::equal(gradient, again.at(name))) << name;
}

TEST(Recompute, keeps_only_a_block_s_inputs) {
  const ResidualBlockConfig config{
      .in_channels = 8, .out_channels = 8, .time_channels = 4, .groups = 2};
  ResidualBlock block(config, std::make_shared<DropoutStream>());
  const torch::Tensor x = torch::randn({2, 8, 16, 16}).requires_grad_(),
                      time = torch::randn({1, 4}).requires_grad_();
  const auto nodes_behind = [](const torch::Tensor& y) {
    std::set<torch::autograd::Node*> seen, open{y.grad_fn().get()};
    while (!open.empty()) {
      torch::autograd::Node* node = *open.begin();
      open.erase(open.begin());
      if (node == nullptr || !seen.insert(node).second) continue;
      for (const auto& edge : node->next_edges()) open.insert(edge.function.get());
    }
    return seen.size();
  };
  // The block itself, and the two nodes that gather the gradients of x and time.
  EXPECT_EQ(nodes_behind(recomputed(*block, x, time)), 3U);
  EXPECT_GT(nodes_behind(block->forward(x, time)), 10U);
}

}  // namespace
}  // namespace hindscale
