// SPDX-License-Identifier: Apache-2.0
// The network: published size, shapes, seeds, dropout, and the same bits for a sample in any batch.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "hindscale/core/error.hpp"
#include "hindscale/model/devices.hpp"
#include "hindscale/model/network.hpp"
#include "hindscale/model/operations.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

class OneThread : public testing::Environment {
  void SetUp() override { set_threads(1); }
};
const auto* const one_thread = testing::AddGlobalTestEnvironment(new OneThread);

TEST(UNet, dpdm_preset_has_the_published_number_of_parameters) {
  EXPECT_EQ(parameter_count(*UNet(network_preset("dpdm", 4, 1), 1)), 11'105'409);
}

TEST(UNet, small_preset_has_under_a_million_parameters) {
  EXPECT_EQ(parameter_count(*UNet(network_preset("small", 17, 2), 1)), 968'258);
}

TEST(UNet, operations_are_those_counted_in_pytorch) {
  // tests/reference/model/reference.py --count
  EXPECT_EQ(flop_of(network_preset("dpdm", 4, 1), 128, 128), 2 * 13057916928.0);
}

TEST(UNet, takes_any_rectangle_of_its_divisor) {
  UNet network = stirred_network(tiny_config());
  network->eval();
  ASSERT_EQ(network->config().divisor(), 4);
  const torch::Tensor time = torch::full({1}, 10);
  for (const auto& [height, width] : {std::pair{4, 4}, {4, 20}, {12, 8}, {40, 48}}) {
    const torch::Tensor y = network->forward(torch::randn({2, 3, height, width}), time);
    EXPECT_EQ(y.sizes(), (std::vector<std::int64_t>{2, 2, height, width}));
  }
  EXPECT_THROW(network->forward(torch::randn({1, 3, 6, 8}), time), AssertionError);
  EXPECT_THROW(network->forward(torch::randn({1, 2, 8, 8}), time), AssertionError);
}

TEST(UNet, weights_depend_on_the_seed_only) {
  torch::manual_seed(1);
  const NamedTensors first = parameters_of(*UNet(tiny_config(), 5));
  torch::manual_seed(2);
  const NamedTensors again = parameters_of(*UNet(tiny_config(), 5));
  const NamedTensors other = parameters_of(*UNet(tiny_config(), 6));
  for (const auto& [name, tensor] : first)
    EXPECT_TRUE(torch::equal(tensor, again.at(name))) << name;
  EXPECT_FALSE(torch::equal(first.at("input.weight"), other.at("input.weight")));
  const torch::Tensor& weight = first.at("down.0.first.weight");
  const double bound = 1 / std::sqrt(8 * 9.0);
  EXPECT_LE(weight.abs().max().item<double>(), bound);
  EXPECT_NEAR(weight.std().item<double>(), bound / std::sqrt(3.0), 0.1 * bound);
  EXPECT_FALSE(torch::equal(weight, first.at("down.0.second.weight").view_as(weight)));
}

TEST(UNet, starts_at_zero) {
  UNet network(tiny_config(), 1);
  network->eval();
  EXPECT_EQ(
      network->forward(torch::randn({1, 3, 8, 8}), torch::full({1}, 3)).abs().max().item<float>(),
      0.0F);
}

TEST(UNet, one_time_for_all_is_the_same_as_a_time_each) {
  UNet network = stirred_network(tiny_config());
  network->eval();
  const torch::Tensor x = torch::randn({3, 3, 8, 8});
  const torch::Tensor one = network->forward(x, torch::full({1}, 400)),
                      each = network->forward(x, torch::full({3}, 400));
  EXPECT_TRUE(torch::allclose(one, each, 1e-4, 1e-5));
  EXPECT_FALSE(torch::allclose(one, network->forward(x, torch::full({1}, 300)), 1e-4, 1e-5));
}

/// Networks for fields that close on themselves, with nearest and bicubic upsampling.
class Periodic : public testing::TestWithParam<Upsampling> {};

TEST_P(Periodic, a_shifted_input_gives_the_shifted_output) {
  NetworkConfig config = tiny_config();
  config.upsampling = GetParam();
  UNet bounded = stirred_network(config);
  config.padding = Padding::periodic;
  UNet network = stirred_network(config);
  network->eval();
  bounded->eval();
  const torch::NoGradGuard no_gradient;
  const torch::Tensor x = torch::randn({2, 3, 16, 24}), time = torch::full({1}, 10);
  const auto moved = [](const torch::Tensor& field) { return torch::roll(field, {4, -8}, {2, 3}); };
  EXPECT_TRUE(torch::allclose(network->forward(moved(x), time), moved(network->forward(x, time)),
                              1e-4, 1e-5));
  EXPECT_FALSE(torch::allclose(bounded->forward(moved(x), time), moved(bounded->forward(x, time)),
                               1e-2, 1e-3));
}

TEST_P(Periodic, has_the_parameters_of_a_network_padded_with_zeros) {
  NetworkConfig config = tiny_config();
  config.upsampling = GetParam();
  const NamedTensors zeros = parameters_of(*UNet(config, 5));
  config.padding = Padding::periodic;
  const NamedTensors periodic = parameters_of(*UNet(config, 5));
  ASSERT_EQ(zeros.size(), periodic.size());
  for (const auto& [name, tensor] : zeros)
    EXPECT_TRUE(torch::equal(tensor, periodic.at(name))) << name;
}

INSTANTIATE_TEST_SUITE_P(Upsamplings, Periodic,
                         testing::Values(Upsampling::nearest, Upsampling::bicubic));

TEST(PeriodicConvolution, is_that_of_libtorch_with_its_gradients) {
  for (const std::int64_t stride : {1, 2}) {
    const torch::nn::Conv2d layer = convolution(4, 6, Padding::periodic, stride);
    const torch::Tensor values = torch::randn({3, 4, 6, 8});
    const auto run = [&](const std::function<torch::Tensor(const torch::Tensor&)>& method) {
      layer.ptr()->zero_grad();
      const torch::Tensor x = values.clone().requires_grad_(true);
      const torch::Tensor y = method(x);
      (y * torch::arange(y.numel()).view_as(y).sin()).sum().backward();
      return std::vector<torch::Tensor>{y, x.grad().clone(), layer->weight.grad().clone(),
                                        layer->bias.grad().clone()};
    };
    const auto ours = run([&](const torch::Tensor& x) { return convolve(layer, x); });
    const auto theirs = run([&](const torch::Tensor& x) { return layer.ptr()->forward(x); });
    for (std::size_t i = 0; i < ours.size(); ++i)
      EXPECT_TRUE(torch::allclose(ours[i], theirs[i], 1e-4, 1e-4)) << "tensor " << i;
  }
}

struct BatchCase {
  const char* preset;
  std::int64_t in_channels, out_channels, height, width;
  int threads;
  bool two_grid_waves = false;
};

class BatchInvariance : public testing::TestWithParam<BatchCase> {
  void TearDown() override { set_threads(1); }
};

TEST_P(BatchInvariance, a_sample_has_the_same_bits_in_any_batch) {
  const BatchCase& shape = GetParam();
  set_threads(shape.threads);
  NetworkConfig config = network_preset(shape.preset, shape.in_channels, shape.out_channels);
  config.two_grid_waves = shape.two_grid_waves;
  UNet network = stirred_network(config);
  network->eval();
  const torch::NoGradGuard no_gradient;
  torch::manual_seed(8);
  const torch::Tensor x = torch::randn({17, shape.in_channels, shape.height, shape.width});
  const torch::Tensor time = torch::full({1}, 500);
  const torch::Tensor all = network->forward(x, time);
  for (const std::int64_t n : {1, 2, 3, 5, 8, 16}) {
    const torch::Tensor some = network->forward(x.narrow(0, 17 - n, n), time);
    EXPECT_TRUE(torch::equal(some, all.narrow(0, 17 - n, n))) << "batch of " << n;
  }
  const torch::Tensor other_layout = x.contiguous(torch::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(
      torch::equal(network->forward(other_layout.narrow(0, 2, 1), time), all.narrow(0, 2, 1)));
}

INSTANTIATE_TEST_SUITE_P(Presets, BatchInvariance,
                         testing::Values(BatchCase{"small", 17, 2, 40, 80, 1},
                                         BatchCase{"small", 17, 2, 12, 20, 1},
                                         BatchCase{"small", 17, 2, 12, 20, 2, true},
                                         BatchCase{"small", 5, 1, 8, 4, 2},
                                         BatchCase{"dpdm", 4, 1, 16, 24, 1}));

TEST(Dropout, masks_of_a_sample_are_the_same_in_any_batch_and_differ_otherwise) {
  const ResidualBlockConfig config{.out_channels = 6, .dropout = 0.3, .layer = 2};
  const auto mask = [&](const std::vector<std::uint64_t>& patches, std::uint64_t step,
                        const ResidualBlockConfig& block) {
    DropoutStream stream;
    for (const std::uint64_t patch : patches)
      stream.sample_keys.push_back(dropout_key(1, step, patch));
    return dropout_mask(stream, block, 9, 11);
  };
  const torch::Tensor three = mask({4, 5, 6}, 1, config);
  EXPECT_EQ(three.sizes(), (std::vector<std::int64_t>{3, 6, 9, 11}));
  EXPECT_TRUE(torch::equal(three.narrow(0, 1, 1), mask({5}, 1, config)));
  EXPECT_FALSE(torch::equal(three[0], three[1]));
  EXPECT_FALSE(torch::equal(three, mask({4, 5, 6}, 2, config)));
  ResidualBlockConfig other = config;
  other.layer = 3;
  EXPECT_FALSE(torch::equal(three, mask({4, 5, 6}, 1, other)));
}

TEST(Dropout, drops_its_share_and_keeps_the_mean) {
  DropoutStream stream{{dropout_key(1, 2, 3), dropout_key(1, 2, 4)}};
  const torch::Tensor mask = dropout_mask(stream, {.out_channels = 32, .dropout = 0.1}, 40, 48);
  const double n = static_cast<double>(mask.numel());
  EXPECT_NEAR((mask == 0).to(torch::kFloat64).mean().item<double>(), 0.1, 4 * std::sqrt(0.09 / n));
  EXPECT_NEAR(mask.to(torch::kFloat64).mean().item<double>(), 1,
              4 * std::sqrt(0.1 / 0.9 / n) + 1e-5);
  // neighbours are independent: the product of neighbouring masks has mean one
  const torch::Tensor pairs = mask.narrow(3, 0, 47) * mask.narrow(3, 1, 47);
  EXPECT_NEAR(pairs.mean().item<double>(), 1, 0.01);
  const torch::Tensor whole = dropout_mask(
      stream, {.out_channels = 32, .dropout = 0.1, .dropout_unit = DropoutUnit::channel}, 40, 48);
  EXPECT_EQ(whole.sizes(), (std::vector<std::int64_t>{2, 32, 1, 1}));
}

TEST(Dropout, makes_training_reproducible_and_is_off_in_eval) {
  UNet network = stirred_network(tiny_config());
  const torch::Tensor x = torch::randn({2, 3, 8, 8}), time = torch::tensor({3, 700});
  const auto train = [&](std::uint64_t step) {
    network->set_dropout_stream(9, step, {10, 20});
    return network->forward(x, time);
  };
  const torch::Tensor first = train(1);
  EXPECT_TRUE(torch::equal(first, train(1)));
  EXPECT_FALSE(torch::equal(first, train(2)));
  network->set_dropout_stream(9, 1, {10});
  EXPECT_THROW(network->forward(x, time), AssertionError);
  network->eval();
  EXPECT_TRUE(torch::equal(network->forward(x, time), network->forward(x, time)));
}

TEST(NetworkConfig, survives_json_and_names_what_is_wrong) {
  const NetworkConfig config = network_preset("dpdm", 4, 1);
  const nlohmann::json json = network_to_json(config);
  EXPECT_EQ(network_to_json(network_from_json(nlohmann::json::parse(json.dump()))), json);
  NetworkConfig periodic = config;
  periodic.padding = Padding::periodic;
  EXPECT_EQ(network_from_json(network_to_json(periodic)).padding, Padding::periodic);
  nlohmann::json old = network_to_json(periodic);
  old.erase("padding");
  EXPECT_EQ(network_from_json(old).padding, Padding::zeros);
  nlohmann::json broken = json;
  broken.erase("groups");
  EXPECT_THROW(network_from_json(broken), InputError);
  broken = json;
  broken["upsampling"] = "linear";
  EXPECT_THROW(network_from_json(broken), InputError);
  broken = json;
  broken["groups"] = 48;
  EXPECT_THROW(network_from_json(broken), InputError);
  EXPECT_THROW(network_preset("large", 1, 1), InputError);
  NetworkConfig attentive = config;
  attentive.attention_levels = {4};
  EXPECT_THROW(check_network_config(attentive), InputError);
}

TEST(Network, loads_parameters_by_name_or_says_which_does_not_fit) {
  UNet from = stirred_network(tiny_config()), to(tiny_config(), 2);
  NamedTensors tensors = copy_parameters(*from, "raw.");
  load_parameters(*to, tensors, "raw.");
  const torch::Tensor x = torch::randn({1, 3, 8, 8}), time = torch::full({1}, 5);
  from->eval();
  to->eval();
  EXPECT_TRUE(torch::equal(from->forward(x, time), to->forward(x, time)));
  tensors.at("raw.input.bias") = torch::zeros({9});
  try {
    load_parameters(*to, tensors, "raw.");
    FAIL() << "another shape was taken";
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().value, "raw.input.bias");
  }
  tensors.erase("raw.input.bias");
  EXPECT_THROW(load_parameters(*to, tensors, "raw."), InputError);
  EXPECT_TRUE(torch::equal(from->forward(x, time), to->forward(x, time)));
}

}  // namespace
}  // namespace hindscale
