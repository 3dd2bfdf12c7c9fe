// SPDX-License-Identifier: Apache-2.0
// Output and gradients of the network against the same network written in Python and run by
// PyTorch.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hindscale/model/checkpoint.hpp"
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
  std::string command = "/usr/bin/python3 '" HINDSCALE_TEST_REFERENCE "/model/reference.py'";
  for (const std::int64_t step : checkpoint_steps(temporary.path())) {
    command += " '" + checkpoint_folder(temporary.path(), step).string() + "'";
  }
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

}  // namespace
}  // namespace hindscale
