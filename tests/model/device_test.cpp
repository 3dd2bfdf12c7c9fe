// SPDX-License-Identifier: Apache-2.0
// What GPUs run, against LibTorch's plain operations: on the GPU in builds for CUDA that see one,
// and on the CPU, where the same code takes other operations, everywhere.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../../src/model/device_evaluator.hpp"
#include "../../src/model/device_operations.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

constexpr double device_float32_bound = 1e-5;

std::vector<torch::Device> devices() {
  std::vector<torch::Device> all{torch::kCPU};
  const torch::Device chosen = torch_device(choose_device(Communicator::self()));
  if (!chosen.is_cpu()) all.push_back(chosen);
  return all;
}

/// That of the presets is the project's target. Five attentions over eight channels, where LibTorch
/// rounds each product, cost the tiny networks a little more.
double bfloat16_bound_of(const std::string& network) {
  return network == "dpdm" || network == "small" || network == "plain" ? 1e-2 : 1.2e-2;
}

class OnDevices : public testing::TestWithParam<const char*> {};

TEST_P(OnDevices, the_network_is_evaluated_to_rounding) {
  torch::manual_seed(3);
  const UNet network = drawn_network(variant(GetParam()));
  const torch::Tensor x =
      torch::randn({5, network->config().in_channels, tried_height, tried_width});
  const torch::Tensor wanted = exact(network, x);
  for (const torch::Device& device : devices()) {
    for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
      // Calls of two, two and one, which is padded.
      DeviceEvaluator evaluator(network, {.height = tried_height,
                                          .width = tried_width,
                                          .precision = precision,
                                          .device = device,
                                          .batch = 2});
      const double distance = relative_distance(evaluate(evaluator, x, tried_time), wanted);
      EXPECT_LT(distance, precision == Precision::float32 ? device_float32_bound
                                                          : bfloat16_bound_of(GetParam()))
          << device << ", " << name_of(precision);
      RecordProperty(name_of(precision), fmt::format("{:.2e}", distance));
    }
  }
}

TEST_P(OnDevices, a_sample_has_the_same_bits_whatever_is_beside_it) {
  torch::manual_seed(4);
  const UNet network = drawn_network(variant(GetParam()));
  const torch::Tensor x =
      torch::randn({4, network->config().in_channels, tried_height, tried_width});
  for (const torch::Device& device : devices()) {
    DeviceEvaluator evaluator(network, {.height = tried_height,
                                        .width = tried_width,
                                        .precision = Precision::bfloat16,
                                        .device = device,
                                        .batch = 4});
    const torch::Tensor all = evaluate(evaluator, x, tried_time);
    const torch::Tensor one = evaluate(evaluator, x.narrow(0, 0, 1).contiguous(), tried_time);
    EXPECT_TRUE(torch::equal(one, all.narrow(0, 0, 1))) << device;
    EXPECT_TRUE(torch::equal(evaluate(evaluator, x, tried_time), all)) << device;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, OnDevices,
                         testing::Values("nearest", "bicubic", "periodic", "plain", "small",
                                         "two_grid_waves", "dpdm"));

TEST(DeviceEvaluator, tensors_of_the_device_give_the_bits_of_the_hosts) {
  const UNet network = drawn_network(tiny_config());
  for (const torch::Device& device : devices()) {
    DeviceEvaluator evaluator(
        network, {.height = tried_height, .width = tried_width, .device = device, .batch = 2});
    for (const std::int64_t n : {1, 2, 5}) {
      const torch::Tensor x =
          torch::randn({n, network->config().in_channels, tried_height, tried_width});
      const torch::Tensor there = evaluator.forward(x.to(device), tried_time);
      EXPECT_EQ(there.device(), device);
      EXPECT_TRUE(torch::equal(there.to(torch::kCPU), evaluate(evaluator, x, tried_time))) << n;
    }
  }
}

TEST(DeviceEvaluator, knows_the_time_of_each_call) {
  const UNet network = drawn_network(tiny_config());
  const torch::Tensor x = torch::randn({1, 3, tried_height, tried_width});
  for (const torch::Device& device : devices()) {
    DeviceEvaluator evaluator(network,
                              {.height = tried_height, .width = tried_width, .device = device});
    const torch::Tensor early = evaluate(evaluator, x, 0), late = evaluate(evaluator, x, 900);
    EXPECT_GT(relative_distance(late, early), 1e-3) << device;
    EXPECT_TRUE(torch::equal(evaluate(evaluator, x, 0), early)) << device;
  }
}

struct NormCase {
  std::int64_t first, second, groups, height, width;
  bool has_offset;
};

class DeviceNorm : public testing::TestWithParam<NormCase> {};

TEST_P(DeviceNorm, is_the_formula) {
  const NormCase c = GetParam();
  torch::manual_seed(5);
  const std::int64_t channels = c.first + c.second;
  const torch::Tensor x = torch::randn({3, channels, c.height, c.width}) * 3 + 2;
  const torch::Tensor weight = torch::randn({channels}), bias = torch::randn({channels}),
                      offset = torch::randn({1, channels});
  const torch::Tensor moved = c.has_offset ? x + offset.view({1, channels, 1, 1}) : x;
  const torch::Tensor normed = torch::group_norm(
      moved.to(torch::kFloat64), c.groups, weight.to(torch::kFloat64), bias.to(torch::kFloat64));
  for (const torch::Device& device : devices()) {
    const auto there = [&](const torch::Tensor& tensor) { return tensor.to(device); };
    const torch::Tensor own_weight = there(weight), own_bias = there(bias),
                        own_offset = c.has_offset ? there(offset) : torch::Tensor();
    std::vector<torch::Tensor> maps{
        there(x.narrow(1, 0, c.first)).contiguous(torch::MemoryFormat::ChannelsLast)};
    if (c.second > 0)
      maps.push_back(
          there(x.narrow(1, c.first, c.second)).contiguous(torch::MemoryFormat::ChannelsLast));
    for (const Activation activation : {Activation::none, Activation::silu}) {
      const torch::Tensor made = device_norm(
          maps, {own_weight, own_bias, own_offset, c.groups, activation, torch::kFloat32});
      const torch::Tensor wanted = activation == Activation::silu ? torch::silu(normed) : normed;
      EXPECT_LT(relative_distance(made, wanted), 1e-6) << device;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DeviceNorm,
    testing::Values(NormCase{64, 0, 32, 40, 33, true}, NormCase{64, 64, 32, 16, 16, false},
                    NormCase{48, 16, 4, 7, 5, true}, NormCase{6, 0, 3, 16, 16, true},
                    NormCase{5, 3, 2, 130, 64, false}, NormCase{512, 256, 32, 8, 8, true},
                    NormCase{4, 0, 1, 200, 200, false}));

TEST(DeviceNormalisation, spreads_nan_in_its_sample_only) {
  const torch::Tensor weight = torch::ones({8}), bias = torch::zeros({8});
  torch::Tensor x = torch::randn({2, 8, 16, 16}).contiguous(torch::MemoryFormat::ChannelsLast);
  x[1][0][3][3] = std::numeric_limits<float>::quiet_NaN();
  for (const torch::Device& device : devices()) {
    const torch::Tensor own_weight = weight.to(device), own_bias = bias.to(device), none;
    const torch::Tensor y = device_norm({x.to(device)}, {own_weight, own_bias, none, 2,
                                                         Activation::silu, torch::kFloat32})
                                .cpu();
    EXPECT_TRUE(y[0].isfinite().all().item<bool>()) << device;
    EXPECT_TRUE(y[1].narrow(0, 0, 4).isnan().all().item<bool>()) << device;
    EXPECT_TRUE(y[1].narrow(0, 4, 4).isfinite().all().item<bool>()) << device;
  }
}

TEST(DeviceSum, is_that_of_maps_of_either_type_and_bias) {
  const auto layout = torch::MemoryFormat::ChannelsLast;
  for (const std::int64_t channels : {8, 6, 256}) {
    for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
      const torch::Tensor x = torch::randn({3, channels, 9, 11}), bias = torch::randn({channels}),
                          y = torch::randn_like(x).to(type);
      const torch::Tensor wanted = x + y.to(torch::kFloat32) + bias.view({1, channels, 1, 1});
      for (const torch::Device& device : devices()) {
        const torch::Tensor sum = sum_of_maps(x.to(device).contiguous(layout),
                                              y.to(device).contiguous(layout), bias.to(device));
        EXPECT_EQ(sum.scalar_type(), torch::kFloat32);
        EXPECT_LT(relative_distance(sum, wanted), 1e-6) << device;
      }
    }
  }
}

class DeviceTraining : public testing::TestWithParam<const char*> {};

TEST_P(DeviceTraining, has_the_gradients_of_the_cpu) {
  torch::manual_seed(6);
  UNet here = drawn_network(variant(GetParam())), there = drawn_network(variant(GetParam()));
  const torch::Tensor x = torch::randn({3, 3, tried_height, tried_width}),
                      when = torch::full({3}, tried_time);
  const auto differentiate = [&](UNet& network, const torch::Device& device) {
    network->to(device);
    network->eval();  // without dropout
    network->forward(x.to(device), when.to(device)).square().mean().backward();
  };
  if (visible_gpus() == 0) GTEST_SKIP() << "no GPU here";
  differentiate(here, torch::kCPU);
  differentiate(there, devices().back());
  const auto wanted = here->named_parameters();
  for (const auto& item : there->named_parameters())
    EXPECT_LT(relative_distance(item.value().grad(), wanted[item.key()].grad()), 1e-3)
        << item.key();
}

INSTANTIATE_TEST_SUITE_P(Networks, DeviceTraining,
                         testing::Values("nearest", "bicubic", "periodic"));

}  // namespace
}  // namespace hindscale
