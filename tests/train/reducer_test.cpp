// SPDX-License-Identifier: Apache-2.0
// Sums of gradients over ranks, whatever the buckets.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "hindscale/core/units.hpp"
#include "hindscale/train/gradient_reducer.hpp"

namespace hindscale {
namespace {

/// Leaves of several sizes, one of them channels-last; the last is not used by the loss of odd
/// ranks.
std::vector<torch::Tensor> leaves() {
  std::vector<torch::Tensor> tensors{
      torch::ones({4, 3, 3, 3}).contiguous(torch::MemoryFormat::ChannelsLast), torch::ones({7}),
      torch::ones({5, 5}), torch::ones({2})};
  for (auto& tensor : tensors) tensor.requires_grad_(true);
  return tensors;
}

/// d loss / d leaf i = factor * (i + 1) * (position + 1), in row-major order of the leaf.
torch::Tensor loss_of(const std::vector<torch::Tensor>& tensors, double factor, bool uses_last) {
  torch::Tensor loss = torch::zeros({});
  for (std::size_t i = 0; i < tensors.size() - (uses_last ? 0 : 1); ++i) {
    const auto weights =
        torch::arange(1, tensors[i].numel() + 1, torch::kFloat32).view(tensors[i].sizes());
    loss = loss + (tensors[i] * weights).sum() * (factor * static_cast<double>(i + 1));
  }
  return loss;
}

class ReducerWithBuckets : public testing::TestWithParam<double> {};

TEST_P(ReducerWithBuckets, sums_over_ranks_after_every_step) {
  const Communicator world = Communicator::world();
  const auto tensors = leaves();
  GradientReducer reducer(world, tensors, GetParam());
  double factors = 0;
  double factors_of_even = 0;
  for (int rank = 0; rank < world.size(); ++rank) {
    factors += rank + 1;
    if (rank % 2 == 0) factors_of_even += rank + 1;
  }
  for (int step = 1; step <= 3; ++step) {
    for (const auto& tensor : tensors) tensor.mutable_grad() = torch::Tensor();
    reducer.arm();
    loss_of(tensors, step * (world.rank() + 1), world.rank() % 2 == 0).backward();
    reducer.finish();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const double total = i + 1 == tensors.size() ? factors_of_even : factors;
      const auto weights =
          torch::arange(1, tensors[i].numel() + 1, torch::kFloat32).view(tensors[i].sizes());
      const auto expected = weights * (step * total * static_cast<double>(i + 1));
      EXPECT_TRUE(torch::equal(tensors[i].grad(), expected))
          << "leaf " << i << ", step " << step;  // whole numbers are exact
    }
  }
}

INSTANTIATE_TEST_SUITE_P(OneOrManyOrEach, ReducerWithBuckets,
                         testing::Values(1.0, 200.0 / mib, 1.0 / mib));

TEST(Reducer, accumulated_passes_are_reduced_once) {
  const Communicator world = Communicator::world();
  const auto tensors = leaves();
  GradientReducer reducer(world, tensors, 1.0);
  loss_of(tensors, 1, true).backward();
  reducer.arm();
  loss_of(tensors, 2, true).backward();
  reducer.finish();
  EXPECT_FLOAT_EQ(tensors[1].grad()[0].item<float>(), static_cast<float>(3 * 2 * world.size()));
}

TEST(Reducer, makes_no_buckets_for_one_rank) {
  const Communicator world = Communicator::world();
  const GradientReducer alone(Communicator(), leaves(), 1.0);
  EXPECT_EQ(alone.n_buckets(), 0U);
  const GradientReducer many(world, leaves(), 1.0 / mib);
  EXPECT_EQ(many.n_buckets(), world.size() == 1 ? 0U : 4U);
}

TEST(Reducer, may_die_before_its_parameters) {
  const Communicator world = Communicator::world();
  const auto tensors = leaves();
  {
    GradientReducer reducer(world, tensors, 1.0);
    reducer.arm();
    loss_of(tensors, 1, true).backward();
    reducer.finish();
  }
  EXPECT_NO_THROW(loss_of(tensors, 1, true).backward());
}

}  // namespace
}  // namespace hindscale
