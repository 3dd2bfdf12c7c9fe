// SPDX-License-Identifier: Apache-2.0
// Sums by NCCL; only in builds for CUDA, skipped where no GPU is seen. Of two ranks or more each
// needs a GPU of its own.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "../../src/train/reduction.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"

namespace hindscale {
namespace {

TEST(NcclReduction, sums_over_ranks_behind_the_work_that_fills_them) {
  const Communicator world = Communicator::world();
  const int n_gpus = visible_gpus();
  if (n_gpus == 0) GTEST_SKIP() << "no GPU here";
  const torch::Device device = torch_device(choose_device(world));
  if (world.split_by_node().size() > n_gpus) {
    EXPECT_THROW(make_nccl_reduction(world, device), SystemError);
    return;
  }
  const auto reduction = make_nccl_reduction(world, device);
  for (int step = 1; step <= 3; ++step) {
    std::vector<torch::Tensor> buckets;
    for (const std::int64_t n : {1, 1000, 4000000}) {
      buckets.push_back(torch::full({n}, static_cast<float>(step * (world.rank() + 1)),
                                    torch::TensorOptions(device)));
      reduction->start(buckets.back());
      reduction->poke();
    }
    reduction->wait();
    float wanted = 0;
    for (int rank = 0; rank < world.size(); ++rank) wanted += static_cast<float>(step * (rank + 1));
    for (const torch::Tensor& bucket : buckets)
      EXPECT_TRUE((bucket == wanted).all().item<bool>()) << step;
  }
}

}  // namespace
}  // namespace hindscale
