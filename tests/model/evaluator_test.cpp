// SPDX-License-Identifier: Apache-2.0
// Fast evaluation against the network itself: the same function, the same bits in any batch.
#include "hindscale/model/evaluator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hindscale/core/error.hpp"
#include "hindscale/kernel/convolution.hpp"
#include "hindscale/model/bridge.hpp"
#include "hindscale/model/devices.hpp"
#include "model/networks.hpp"

namespace hindscale {
namespace {

torch::Tensor fast(const UNet& network, Precision precision, const torch::Tensor& x) {
  const auto evaluator = make_evaluator(
      network, {.height = tried_height, .width = tried_width, .precision = precision});
  const auto n = static_cast<std::size_t>(x.size(0));
  Array<float, 4> output(
      {n, static_cast<std::size_t>(network->config().out_channels), tried_height, tried_width});
  evaluator->evaluate(
      {x.data_ptr<float>(), {n, static_cast<std::size_t>(x.size(1)), tried_height, tried_width}},
      tried_time, output);
  return tensor_of(output.view()).clone();
}

std::vector<Precision> precisions_here() {
  if (bfloat16_support() == BFloat16Support::none) return {Precision::float32};
  return {Precision::float32, Precision::bfloat16};
}

class EachNetwork : public testing::TestWithParam<const char*> {};

TEST_P(EachNetwork, is_evaluated_to_rounding) {
  torch::manual_seed(3);
  const UNet network = drawn_network(variant(GetParam()));
  const torch::Tensor x =
      torch::randn({3, network->config().in_channels, tried_height, tried_width});
  const torch::Tensor wanted = exact(network, x);
  constexpr double float32_bound = 1e-5, bfloat16_bound = 1e-2;
  EXPECT_LT(relative_distance(fast(network, Precision::float32, x), wanted), float32_bound);
  if (bfloat16_support() == BFloat16Support::none) GTEST_SKIP() << "no bfloat16 here";
  const double distance = relative_distance(fast(network, Precision::bfloat16, x), wanted);
  EXPECT_LT(distance, bfloat16_bound);
  EXPECT_GT(distance, 1e-4);  // it does compute in bfloat16
}

TEST_P(EachNetwork, gives_a_sample_the_same_bits_in_any_batch_and_thread) {
  torch::manual_seed(4);
  const UNet network = drawn_network(variant(GetParam()));
  const torch::Tensor x =
      torch::randn({5, network->config().in_channels, tried_height, tried_width});
  for (const Precision precision : precisions_here()) {
    set_threads(1);
    const torch::Tensor all = fast(network, precision, x);
    for (const int threads : {1, 2, 3}) {
      set_threads(threads);
      EXPECT_TRUE(torch::equal(fast(network, precision, x), all)) << threads;
      EXPECT_TRUE(torch::equal(fast(network, precision, x.narrow(0, 3, 1).contiguous()),
                               all.narrow(0, 3, 1)))
          << threads;
    }
    set_threads(1);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, EachNetwork,
                         testing::Values("nearest", "bicubic", "periodic", "plain", "narrowing",
                                         "two_grid_waves", "dpdm"));

TEST(Evaluator, knows_the_time_of_each_call) {
  const UNet network = stirred_network(tiny_config());
  const auto evaluator = make_evaluator(network, {.height = 8, .width = 8});
  Array<float, 4> x({1, 3, 8, 8}, 0.5F), early({1, 2, 8, 8}), late(early), again(early);
  evaluator->evaluate(x, 0, early);
  evaluator->evaluate(x, 900, late);
  evaluator->evaluate(x, 0, again);
  EXPECT_NE(early(0, 0, 3, 3), late(0, 0, 3, 3));
  EXPECT_EQ(early(0, 0, 3, 3), again(0, 0, 3, 3));
}

TEST(Evaluator, lets_a_nan_through) {
  const UNet network = stirred_network(tiny_config());
  for (const Precision precision : precisions_here()) {
    const auto evaluator =
        make_evaluator(network, {.height = 8, .width = 8, .precision = precision});
    Array<float, 4> x({2, 3, 8, 8}, 0.5F), y({2, 2, 8, 8});
    x(1, 2, 4, 4) = std::numeric_limits<float>::quiet_NaN();
    evaluator->evaluate(x, 5, y);
    EXPECT_TRUE(std::isfinite(y(0, 0, 4, 4)));
    EXPECT_TRUE(std::isnan(y(1, 0, 4, 4)));
  }
}

}  // namespace
}  // namespace hindscale
