// SPDX-License-Identifier: Apache-2.0
// Schedule, optimizer and weight average against equations and against an independent calculation.
#include "hindscale/train/optimizer.hpp"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hindscale/core/error.hpp"
#include "hindscale/train/learning_rate.hpp"
#include "hindscale/train/weight_average.hpp"

namespace hindscale {
namespace {

/// A matrix and a bias, as in the reference.
class ToyImpl : public torch::nn::Module {
 public:
  ToyImpl()
      : matrix(register_parameter("matrix", torch::linspace(-1, 1, 6).view({2, 3}))),
        bias(register_parameter("bias", torch::linspace(0.5, -0.5, 3))) {}
  void set_gradients(std::int64_t step) {
    torch::NoGradGuard no_gradient;
    for (auto& weight : parameters()) {
      const auto places = torch::arange(weight.numel(), torch::kFloat32).view(weight.sizes());
      weight.mutable_grad() = 2 * (weight - torch::cos(places + 0.3 * static_cast<double>(step)));
    }
  }
  torch::Tensor matrix, bias;
};
TORCH_MODULE(Toy);

constexpr LearningRateOptions toy_rates{.peak = 0.05, .warmup = 4, .steps = 12};
constexpr OptimizerOptions toy_optimizer{.weight_decay = 0.1, .beta1 = 0.9, .beta2 = 0.99};

double train_step(Toy& toy, Optimizer& optimizer, std::int64_t step) {
  toy->set_gradients(step);
  const double norm = gradient_norm(toy->parameters());
  if (norm > 1) scale_gradients(toy->parameters(), 1 / norm);
  optimizer.step(learning_rate(toy_rates, step));
  return norm;
}

void expect_near(const torch::Tensor& tensor, const nlohmann::json& expected) {
  const auto flat = tensor.detach().contiguous().view(-1);
  ASSERT_EQ(flat.numel(), static_cast<std::int64_t>(expected.size()));
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    EXPECT_NEAR(flat[i].item<double>(), expected[static_cast<std::size_t>(i)].get<double>(),
                2e-6);  // float32 against double
  }
}

TEST(LearningRate, rises_linearly_then_falls_to_zero) {
  const LearningRateOptions options{.peak = 2, .warmup = 4, .steps = 12};
  EXPECT_DOUBLE_EQ(learning_rate(options, 0), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 3), 2);
  EXPECT_DOUBLE_EQ(learning_rate(options, 4), 2);
  EXPECT_DOUBLE_EQ(learning_rate(options, 8), 1);
  EXPECT_NEAR(learning_rate(options, 12), 0, 1e-15);
}

TEST(LearningRate, copes_with_no_warmup_and_with_nothing_but_warmup) {
  EXPECT_DOUBLE_EQ(learning_rate({.peak = 2, .warmup = 0, .steps = 10}, 0), 2);
  EXPECT_DOUBLE_EQ(learning_rate({.peak = 2, .warmup = 100, .steps = 4}, 3), 2);
}

/// Weights, rates, norms and running average over twelve updates, in this floating type.
void expect_the_papers_equations(torch::Dtype type) {
  std::ifstream file(std::filesystem::path(HINDSCALE_TEST_REFERENCE) / "train" / "optimizer.json");
  const auto reference = nlohmann::json::parse(file);
  Toy toy;
  Toy average;
  toy->to(type);
  average->to(type);
  Optimizer optimizer(*toy, toy_optimizer);
  WeightAverage weight_average(*toy, *average, 0.7);
  for (std::int64_t step = 0; step < toy_rates.steps; ++step) {
    const auto i = static_cast<std::size_t>(step);
    EXPECT_NEAR(learning_rate(toy_rates, step), reference["rates"][i].get<double>(), 1e-15);
    EXPECT_NEAR(train_step(toy, optimizer, step), reference["norms"][i].get<double>(), 1e-5);
    weight_average.update(step);
  }
  expect_near(toy->matrix, reference["weights"][0]);
  expect_near(toy->bias, reference["weights"][1]);
  expect_near(average->matrix, reference["average"][0]);
  expect_near(average->bias, reference["average"][1]);
}

TEST(Optimizer, agrees_with_the_papers_equations) {
  expect_the_papers_equations(torch::kFloat32);
}

/// Double precision is updated as weights on devices are, by operations of LibTorch.
TEST(Optimizer, agrees_with_them_by_operations) {
  expect_the_papers_equations(torch::kFloat64);
}

TEST(Optimizer, knows_gradients_of_other_strides) {
  Toy toy;
  Toy other;
  Optimizer optimizer(*toy, toy_optimizer);
  Optimizer other_optimizer(*other, toy_optimizer);
  toy->set_gradients(1);
  other->set_gradients(1);
  other->matrix.mutable_grad() = other->matrix.grad().t().contiguous().t();
  ASSERT_NE(other->matrix.grad().strides(), other->matrix.strides());
  optimizer.step(0.05);
  other_optimizer.step(0.05);
  EXPECT_TRUE(torch::equal(toy->matrix, other->matrix));
}

TEST(Optimizer, restored_state_goes_on_bit_for_bit) {
  Toy straight;
  Optimizer optimizer(*straight, toy_optimizer);
  for (std::int64_t step = 0; step < 4; ++step) train_step(straight, optimizer, step);
  Toy restarted;
  Optimizer other(*restarted, toy_optimizer);
  EXPECT_TRUE(other.state().empty());
  load_parameters(*restarted, copy_parameters(*straight, ""), "");
  other.restore(optimizer.state());
  EXPECT_EQ(other.state().at("step").item<std::int64_t>(), 4);
  for (std::int64_t step = 4; step < 8; ++step) {
    train_step(straight, optimizer, step);
    train_step(restarted, other, step);
  }
  EXPECT_TRUE(torch::equal(straight->matrix, restarted->matrix));
  EXPECT_TRUE(torch::equal(straight->bias, restarted->bias));
}

TEST(Optimizer, refuses_a_state_that_lacks_a_tensor) {
  Toy toy;
  Optimizer optimizer(*toy, toy_optimizer);
  train_step(toy, optimizer, 0);
  NamedTensors state = optimizer.state();
  state.erase("exp_avg_sq.bias");
  try {
    optimizer.restore(state);
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().value, "exp_avg_sq.bias");
  }
}

TEST(GradientNorm, counts_missing_gradients_as_zero) {
  auto a = torch::zeros({2}, torch::requires_grad());
  auto b = torch::zeros({3}, torch::requires_grad());
  EXPECT_EQ(gradient_norm({a, b}), 0);
  a.mutable_grad() = torch::tensor({3.0F, 4.0F});
  EXPECT_DOUBLE_EQ(gradient_norm({a, b}), 5);
  scale_gradients({a, b}, 0.5);
  EXPECT_DOUBLE_EQ(gradient_norm({a, b}), 2.5);
}

TEST(WeightAverage, decay_grows_to_its_limit) {
  EXPECT_DOUBLE_EQ(average_decay(0.997, 0), 0.1);
  EXPECT_DOUBLE_EQ(average_decay(0.997, 90), 0.91);
  EXPECT_DOUBLE_EQ(average_decay(0.997, 1000000), 0.997);
}

TEST(WeightAverage, starts_as_a_copy_and_converges_to_constant_weights) {
  Toy toy;
  Toy average;
  {
    torch::NoGradGuard no_gradient;
    average->bias.fill_(9);
  }
  WeightAverage weight_average(*toy, *average, 0.5);
  EXPECT_TRUE(torch::equal(average->bias, toy->bias));
  torch::NoGradGuard no_gradient;
  toy->bias.fill_(1);
  const auto before = (average->bias - toy->bias).clone();
  weight_average.update(1000);
  EXPECT_TRUE(torch::allclose(average->bias - toy->bias, 0.5 * before));
}

}  // namespace
}  // namespace hindscale
