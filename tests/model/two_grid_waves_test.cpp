// SPDX-License-Identifier: Apache-2.0
// Two-grid waves as an operation of networks: against the kernel, and its gradients.
#include "hindscale/kernel/two_grid_waves.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "hindscale/model/bridge.hpp"
#include "hindscale/model/operations.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

TEST(WithTwoGridWaves, puts_those_of_the_kernel_behind_the_fields) {
  torch::manual_seed(5);
  const torch::Tensor x = torch::randn({2, 5, 6, 8});
  const torch::Tensor y = with_two_grid_waves(x, 2);
  ASSERT_EQ(y.sizes(), (std::vector<std::int64_t>{2, 9, 6, 8}));
  EXPECT_TRUE(torch::equal(y.narrow(1, 0, 2), x.narrow(1, 0, 2)));
  EXPECT_TRUE(torch::equal(y.narrow(1, 6, 3), x.narrow(1, 2, 3)));
  for (std::int64_t i = 0; i < 2; ++i) {
    const torch::Tensor fields = x[i].narrow(0, 0, 2).contiguous();
    Array<float, 3> waves({4, 6, 8});
    two_grid_waves({fields.data_ptr<float>(), {2, 6, 8}}, waves);
    EXPECT_TRUE(torch::allclose(y[i].narrow(0, 2, 4), tensor_of(waves.view()), 1e-5, 1e-6));
  }
}

TEST(WithTwoGridWaves, leaves_the_strength_of_white_noise) {
  torch::manual_seed(6);
  const torch::Tensor y = with_two_grid_waves(torch::randn({400, 1, 32, 24}), 1);
  const torch::Tensor strength = y.square().mean({0, 2, 3});
  for (const std::int64_t channel : {0, 1, 2})
    EXPECT_NEAR(strength[channel].item<double>(), 1, 0.05) << channel;
}

TEST(WithTwoGridWaves, has_the_gradient_of_a_linear_map) {
  torch::manual_seed(7);
  const torch::Tensor x = torch::randn({2, 3, 4, 6}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor to_y = torch::randn({2, 7, 4, 6}, torch::kFloat64);
  (with_two_grid_waves(x, 2) * to_y).sum().backward();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor direction = torch::randn_like(x);
  const double along = (x.grad() * direction).sum().item<double>();
  EXPECT_NEAR(along, (with_two_grid_waves(direction, 2) * to_y).sum().item<double>(), 1e-10);
}

TEST(WithTwoGridWaves, networks_see_them) {
  NetworkConfig config = tiny_config();
  const std::int64_t without = parameter_count(*UNet(config, 1));
  const double flop = flop_of(config, 16, 16);
  config.two_grid_waves = true;
  EXPECT_EQ(parameter_count(*UNet(config, 1)), without + 9 * 4 * config.channels);
  EXPECT_EQ(flop_of(config, 16, 16), flop + 2.0 * 9 * 4 * 8 * 16 * 16);
  EXPECT_TRUE(network_from_json(network_to_json(config)).two_grid_waves);
  EXPECT_FALSE(network_from_json(network_to_json(tiny_config())).two_grid_waves);
}

}  // namespace
}  // namespace hindscale
