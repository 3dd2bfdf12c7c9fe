// SPDX-License-Identifier: Apache-2.0
// Predictions and their inverses; copies between views and tensors.
#include "hindscale/model/denoiser.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "hindscale/model/bridge.hpp"

namespace hindscale {
namespace {

TEST(Denoise, recovers_field_and_noise_from_the_training_target) {
  torch::manual_seed(1);
  const torch::Tensor x0 = torch::randn({3, 2, 4, 5}), eps = torch::randn({3, 2, 4, 5});
  for (const Prediction prediction : {Prediction::eps, Prediction::v}) {
    for (const double abar : {0.01, 0.5, 0.99}) {
      const torch::Tensor share = torch::full({3, 1, 1, 1}, abar);
      const torch::Tensor x_t = add_noise(x0, eps, share);
      const Denoised found =
          denoise(prediction, training_target(prediction, x0, eps, share), x_t, abar);
      EXPECT_TRUE(torch::allclose(found.x0, x0, 1e-4, 1e-4)) << name_of(prediction) << abar;
      EXPECT_TRUE(torch::allclose(found.eps, eps, 1e-4, 1e-4)) << name_of(prediction) << abar;
    }
  }
}

TEST(Denoise, velocity_is_the_turn_of_field_into_noise) {
  const torch::Tensor x0 = torch::full({1}, 2.0), eps = torch::full({1}, 3.0),
                      share = torch::full({1}, 0.36);
  EXPECT_NEAR(training_target(Prediction::v, x0, eps, share).item<double>(), 0.6 * 3 - 0.8 * 2,
              1e-6);
  EXPECT_NEAR(add_noise(x0, eps, share).item<double>(), 0.6 * 2 + 0.8 * 3, 1e-6);
}

TEST(Prediction, names_lead_there_and_back) {
  for (const Prediction prediction : {Prediction::eps, Prediction::v})
    EXPECT_EQ(prediction_of(name_of(prediction)), prediction);
  EXPECT_THROW(prediction_of("x0"), InputError);
}

TEST(Bridge, view_to_tensor_and_back_is_the_identity) {
  Array<float, 3> from({2, 3, 4});
  for (std::size_t i = 0; i < from.size(); ++i) from.data()[i] = static_cast<float>(i);
  const torch::Tensor tensor = tensor_of(from.view());
  EXPECT_EQ(tensor.sizes(), (std::vector<std::int64_t>{2, 3, 4}));
  EXPECT_EQ((tensor[1][2][3].item<float>()), from(1, 2, 3));
  Array<float, 3> to({2, 3, 4});
  copy_to_view(tensor, to.view());
  EXPECT_TRUE(std::equal(from.flat().begin(), from.flat().end(), to.flat().begin()));
}

TEST(Bridge, follows_the_axes_of_a_tensor_not_its_memory) {
  const torch::Tensor tensor = torch::arange(24, torch::kFloat32)
                                   .view({1, 2, 3, 4})
                                   .contiguous(torch::MemoryFormat::ChannelsLast);
  Array<float, 4> to({1, 2, 3, 4});
  copy_to_view(tensor, to.view());
  for (std::size_t i = 0; i < to.size(); ++i) EXPECT_EQ(to.data()[i], static_cast<float>(i));
}

TEST(Bridge, copies_so_that_later_changes_do_not_reach_the_tensor) {
  Array<float, 1> from({2}, 1.0F);
  const torch::Tensor tensor = tensor_of(from.view());
  from(0) = 5;
  EXPECT_EQ(tensor[0].item<float>(), 1.0F);
}

}  // namespace
}  // namespace hindscale
