// SPDX-License-Identifier: Apache-2.0
// Upsampling against LibTorch's, with its gradient.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "hindscale/model/operations.hpp"

namespace hindscale {
namespace {

torch::Tensor theirs(const torch::Tensor& x, Upsampling method) {
  namespace functional = torch::nn::functional;
  auto options = functional::InterpolateFuncOptions().scale_factor(std::vector<double>{2, 2});
  return method == Upsampling::nearest
             ? functional::interpolate(x, options.mode(torch::kNearest))
             : functional::interpolate(x, options.mode(torch::kBicubic).align_corners(false));
}

/// The values, and the gradient of a sum with weights that differ from place to place.
template <class Method>
std::pair<torch::Tensor, torch::Tensor> pass(const torch::Tensor& values, const Method& method) {
  const torch::Tensor x = values.clone().requires_grad_(true);
  const torch::Tensor y = method(x);
  (y * torch::arange(y.numel()).view_as(y).sin()).sum().backward();
  return {y.detach(), x.grad()};
}

class Upsamplings : public testing::TestWithParam<Upsampling> {};

TEST_P(Upsamplings, are_those_of_libtorch_with_their_gradients) {
  torch::manual_seed(1);
  const torch::Tensor x = torch::randn({3, 5, 6, 7});
  const auto [y, gradient] =
      pass(x, [&](const torch::Tensor& v) { return upsample(v, GetParam(), Padding::zeros); });
  const auto [wanted, wanted_gradient] =
      pass(x, [&](const torch::Tensor& v) { return theirs(v, GetParam()); });
  EXPECT_TRUE(torch::allclose(y, wanted, 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(gradient, wanted_gradient, 1e-4, 1e-4));
}

TEST_P(Upsamplings, periodic_are_those_of_the_field_laid_side_by_side) {
  torch::manual_seed(2);
  const torch::Tensor x = torch::randn({2, 3, 4, 6});
  const auto [y, gradient] =
      pass(x, [&](const torch::Tensor& v) { return upsample(v, GetParam(), Padding::periodic); });
  const auto [wanted, wanted_gradient] = pass(x, [&](const torch::Tensor& v) {
    return theirs(v.repeat({1, 1, 3, 3}), GetParam()).narrow(2, 8, 8).narrow(3, 12, 12);
  });
  EXPECT_TRUE(torch::allclose(y, wanted, 1e-5, 1e-5));
  EXPECT_TRUE(torch::allclose(gradient, wanted_gradient, 1e-4, 1e-4));
}

TEST_P(Upsamplings, in_bfloat16_round_once) {
  torch::manual_seed(3);
  const torch::Tensor x = torch::randn({2, 8, 6, 4}).to(torch::kBFloat16);
  const torch::Tensor exact = upsample(x.to(torch::kFloat32), GetParam(), Padding::zeros);
  EXPECT_TRUE(torch::equal(upsample(x, GetParam(), Padding::zeros), exact.to(torch::kBFloat16)));
}

INSTANTIATE_TEST_SUITE_P(Methods, Upsamplings,
                         testing::Values(Upsampling::nearest, Upsampling::bicubic));

}  // namespace
}  // namespace hindscale
