// SPDX-License-Identifier: Apache-2.0
// Output and gradients of the network against the same network written in Python and run by
// PyTorch.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hindscale/kernel/convolution.hpp"
#include "hindscale/model/checkpoint.hpp"
#include "hindscale/model/evaluator.hpp"
#include "model/networks.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

/// Leaves weights, input, output and gradients of a network as a checkpoint for the script.
void leave_for_pytorch(const std::filesystem::path& root, std::int64_t number,
                       const NetworkConfig& config) {
  UNet network = stirred_network(config);
  network->eval();
  torch::manual_seed(6);
  const torch::Tensor x = torch::randn({2, config.in_channels, 8, 12}).requires_grad_(true);
  const torch::Tensor time = torch::tensor({17, 801});
  const torch::Tensor y = network->forward(x, time);
  y.square().mean().backward();
  CheckpointContent content;
  content.state = {{"network", network_to_json(config)}};
  content.model = copy_parameters(*network, "raw.");
  for (const auto& [name, parameter] : parameters_of(*network))
    content.model.emplace("gradient." + name, parameter.grad());
  content.model.insert(
      {{"x", x.detach()}, {"time", time}, {"y", y.detach()}, {"gradient_x", x.grad()}});
  write_checkpoint(root, number, content);
}

/// The same of evaluations in each precision that this processor has.
void leave_evaluations(const std::filesystem::path& root, std::int64_t number,
                       const NetworkConfig& config) {
  const UNet network = drawn_network(config);
  torch::manual_seed(3);
  const torch::Tensor x = torch::randn({3, config.in_channels, tried_height, tried_width});
  CheckpointContent content;
  const bool has_bfloat16 = bfloat16_support() != BFloat16Support::none;
  content.state = {{"network", network_to_json(config)}, {"has_bfloat16", has_bfloat16}};
  content.model = copy_parameters(*network, "raw.");
  content.model.insert({{"x", x}, {"time", torch::full({3}, tried_time)}});
  for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
    if (precision == Precision::bfloat16 && !has_bfloat16) continue;
    const auto evaluator = make_evaluator(
        network, {.height = tried_height, .width = tried_width, .precision = precision});
    content.model.emplace("evaluated." + name_of(precision), evaluate(*evaluator, x, tried_time));
  }
  write_checkpoint(root, number, content);
}

/// Whether the script finds no fault with what was left there.
void compare_with_pytorch(const std::filesystem::path& root) {
  std::string command = "/usr/bin/python3 '" HINDSCALE_TEST_REFERENCE "/model/reference.py'";
  for (const std::int64_t step : checkpoint_steps(root))
    command += " '" + checkpoint_folder(root, step).string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

TEST(PyTorch, agrees_in_output_and_gradients) {
  const Communicator comm;
  const test::TemporaryFolder temporary(comm);
  NetworkConfig bicubic = tiny_config();
  bicubic.upsampling = Upsampling::bicubic;
  bicubic.residual_blocks = 2;
  bicubic.attention_middle = false;
  leave_for_pytorch(temporary.path(), 1, tiny_config());
  leave_for_pytorch(temporary.path(), 2, bicubic);
  leave_for_pytorch(temporary.path(), 3, network_preset("small", 5, 2));
  compare_with_pytorch(temporary.path());
}

TEST(PyTorch, evaluations_are_as_near_as_asked_to_its_in_float64) {
  const Communicator comm;
  const test::TemporaryFolder temporary(comm);
  leave_evaluations(temporary.path(), 1, tiny_config());
  leave_evaluations(temporary.path(), 2, network_preset("small", 5, 2));
  leave_evaluations(temporary.path(), 3, network_preset("dpdm", 4, 1));
  compare_with_pytorch(temporary.path());
}

}  // namespace
}  // namespace hindscale
