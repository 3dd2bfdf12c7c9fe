// SPDX-License-Identifier: Apache-2.0
// Gradients are the slopes of what the network computes; in bfloat16 outputs and gradients are
// those of float32 to rounding, and still float32.
#include "hindscale/model/precision.hpp"

#include <gtest/gtest.h>

#include <array>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/convolution.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/model/network.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

struct Pass {
  torch::Tensor output;
  NamedTensors gradients;
};

Pass pass(UNet network, Precision precision) {
  network->zero_grad();
  network->set_precision(precision);
  network->set_dropout_stream(1, 2, {3, 4});
  torch::manual_seed(5);
  const torch::Tensor x = torch::randn({2, network->config().in_channels, 16, 24});
  const torch::Tensor y = network->forward(x, torch::tensor({20.0F, 700.0F}));
  (y * torch::randn_like(y)).sum().backward();
  Pass result{y.detach(), {}};
  for (const auto& [name, parameter] : parameters_of(*network))
    result.gradients.emplace(name, parameter.grad().clone());
  return result;
}

/// The output times fixed numbers, summed in double.
torch::Tensor loss_of(UNet network) {
  network->set_dropout_stream(1, 2, {3, 4});
  torch::manual_seed(5);
  const torch::Tensor x = torch::randn({2, network->config().in_channels, 16, 24});
  const torch::Tensor y = network->forward(x, torch::tensor({20.0F, 700.0F}));
  return (y.to(torch::kDouble) * torch::randn_like(y).to(torch::kDouble)).sum();
}

TEST(Gradients, are_the_slopes_that_finite_differences_find) {
  constexpr double distance = 0.01, tolerance = 0.01, rounding = 2e-4;  // of the loss
  for (const Upsampling upsampling : {Upsampling::nearest, Upsampling::bicubic}) {
    NetworkConfig config = tiny_config();
    config.upsampling = upsampling;
    config.dropout = 0.1;
    UNet network = drawn_network(config);
    network->train();
    network->set_precision(Precision::float32);
    loss_of(network).backward();
    const torch::NoGradGuard no_gradients;
    for (const auto& [name, parameter] : parameters_of(*network)) {
      const torch::Tensor gradient = parameter.grad().clone(), before = parameter.clone();
      const double slope = gradient.norm().item<double>();
      std::array<double, 2> losses{};
      for (const int side : {0, 1}) {
        parameter.copy_(before + (side == 0 ? -distance : distance) / slope * gradient);
        losses.at(static_cast<std::size_t>(side)) = loss_of(network).item<double>();
      }
      parameter.copy_(before);
      EXPECT_NEAR((losses[1] - losses[0]) / (2 * distance), slope,
                  tolerance * slope + rounding / distance)
          << name;
    }
  }
}

class Mixed : public testing::TestWithParam<const char*> {};

TEST_P(Mixed, gradients_are_those_of_float32_to_rounding) {
  if (bfloat16_support() == BFloat16Support::none) GTEST_SKIP() << "no bfloat16 here";
  NetworkConfig config = tiny_config();
  if (std::string(GetParam()) == "periodic") config.padding = Padding::periodic;
  if (std::string(GetParam()) != "nearest") config.upsampling = Upsampling::bicubic;
  UNet network = drawn_network(config);
  network->train();
  const Pass exact = pass(network, Precision::float32), mixed = pass(network, Precision::bfloat16);
  // Single parameters whose gradient is a small difference of large sums lose most.
  constexpr double output_bound = 0.02, gradient_bound = 0.06, parameter_bound = 0.25;
  EXPECT_EQ(mixed.output.scalar_type(), torch::kFloat32);
  EXPECT_LT(relative_distance(mixed.output, exact.output), output_bound);
  EXPECT_GT(relative_distance(mixed.output, exact.output), 1e-4);  // it does compute in bfloat16
  std::vector<torch::Tensor> all, all_exact;
  for (const auto& [name, gradient] : mixed.gradients) {
    EXPECT_EQ(gradient.scalar_type(), torch::kFloat32) << name;
    EXPECT_LT(relative_distance(gradient, exact.gradients.at(name)), parameter_bound) << name;
    all.push_back(gradient.flatten());
    all_exact.push_back(exact.gradients.at(name).flatten());
  }
  EXPECT_LT(relative_distance(torch::cat(all), torch::cat(all_exact)), gradient_bound);
}

INSTANTIATE_TEST_SUITE_P(Networks, Mixed, testing::Values("nearest", "bicubic", "periodic"));

TEST(Precision, has_names) {
  EXPECT_EQ(precision_of("float32"), Precision::float32);
  EXPECT_THROW(precision_of("half"), InputError);
  if (visible_gpus() > 0) {
    EXPECT_EQ(precision_of("auto"), Precision::bfloat16);
    GTEST_SKIP() << "the rest is of processors";
  }
  if (bfloat16_support() == BFloat16Support::none) {
    EXPECT_THROW(precision_of("bfloat16"), InputError);
    EXPECT_EQ(precision_of("auto"), Precision::float32);
  } else {
    EXPECT_EQ(name_of(precision_of("bfloat16")), "bfloat16");
  }
  EXPECT_EQ(precision_of("auto") == Precision::bfloat16,
            bfloat16_support() == BFloat16Support::arithmetic);
}

}  // namespace
}  // namespace hindscale
