// SPDX-License-Identifier: Apache-2.0
// Transforms, their inverses, and their fit.
#include "hindscale/dataset/transform.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace hindscale {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
constexpr double rounding = 4e-7;  // of single precision, through a power and back

Array<float, 2> back(const VariableTransforms& transforms, const std::vector<float>& values) {
  Array<float, 2> field({1, values.size()});
  for (std::size_t i = 0; i < values.size(); ++i) field.flat()[i] = transforms.of(0, i, values[i]);
  transforms.invert(0, field);
  return field;
}

VariableTransforms boxcox_of(const TransformParameters& parameters) {
  Array<double, 3> power({1, 1, 3});
  power(0, 0, 0) = parameters.lambda;
  power(0, 0, 1) = parameters.offset;
  power(0, 0, 2) = parameters.unit;
  return {{"boxcox"}, {{"power", power}}};
}

TEST(Transform, box_cox_has_its_known_values) {
  EXPECT_NEAR(box_cox({0, 0.01, 2}, 2), std::log(1.01), 1e-15);
  EXPECT_NEAR(box_cox({1, 0.25, 2}, 3), 0.75, 1e-15);
  EXPECT_NEAR(box_cox({0.5, 0, 1e-5}, 4e-5), 2, 1e-14);
  EXPECT_NEAR(box_cox({2, 0, 1}, 3), 4, 1e-14);
  EXPECT_EQ(box_cox({0.5, 0.01, 1}, -1), box_cox({0.5, 0.01, 1}, 0));
}

TEST(Transform, box_cox_and_back_is_the_value_also_at_zero) {
  for (const double lambda : {0.0, 1e-9, 0.2, 0.5, 1.0, 2.0}) {
    SCOPED_TRACE(lambda);
    const TransformParameters parameters{lambda, 0.01, 3e-5};
    const std::vector<float> values{0, 1e-9F, 3e-7F, 2e-6F, 3e-5F, 4e-4F, 2e-3F, missing};
    const Array<float, 2> found = back(boxcox_of(parameters), values);
    EXPECT_EQ(found.flat()[0], 0);
    EXPECT_TRUE(std::isnan(found.flat()[7]));
    for (std::size_t i = 1; i < 7; ++i) {
      // A float holds the transformed value to 6e-8 of itself: of u^lambda, which the power 1 /
      // lambda carries over to u; of up to 5 where lambda = 0.
      const double u = values[i] / parameters.unit + parameters.offset;
      const double y = std::abs(box_cox(parameters, values[i]));
      const double slope = std::pow(u, 1 - lambda);  // du / dy
      EXPECT_NEAR(found.flat()[i], values[i], (1.2e-7 * y * slope + rounding * u) * parameters.unit)
          << i;
    }
  }
}

TEST(Transform, box_cox_below_its_range_is_zero_and_order_is_kept) {
  const TransformParameters parameters{0.5, 0.01, 1};
  EXPECT_EQ(inverse_box_cox(parameters, -5), 0);
  double before = -1;
  for (double y = -1.7; y < 6; y += 0.01) {
    const double x = inverse_box_cox(parameters, y);
    EXPECT_GT(x, before) << y;
    before = x;
  }
}

TEST(Transform, log1p_and_back_is_the_value_also_at_zero) {
  const VariableTransforms transforms({"log1p"}, {});
  const std::vector<float> values{0, 1e-6F, 0.5F, 40, 3e4F};
  const Array<float, 2> found = back(transforms, values);
  EXPECT_EQ(found.flat()[0], 0);
  for (std::size_t i = 1; i < values.size(); ++i)
    EXPECT_NEAR(found.flat()[i], values[i], 1.3e-6 * values[i]) << i;
  EXPECT_EQ(transforms.of(0, 0, -1e-9F), 0);
  EXPECT_TRUE(std::isnan(transforms.of(0, 0, missing)));
}

struct Ranged {
  std::vector<double> least, width;
  [[nodiscard]] VariableTransforms transforms() const {
    Array<double, 3> a({1, 1, least.size()}), b = a;
    std::copy(least.begin(), least.end(), a.flat().begin());
    std::copy(width.begin(), width.end(), b.flat().begin());
    return {{"minmax"}, {{"least", a}, {"width", b}}};
  }
};

TEST(Transform, minmax_takes_each_cell_to_its_range_and_back) {
  const VariableTransforms transforms = Ranged{{2, 0, -1, 5}, {4, 1e-3, 10, 0.001}}.transforms();
  EXPECT_EQ(transforms.of(0, 0, 3), 0.25F);
  EXPECT_EQ(transforms.of(0, 2, 9), 1.0F);
  const std::vector<float> values{3, 0, missing, 5};  // the last two cells are dry and constant
  const Array<float, 2> found = back(transforms, values);
  EXPECT_EQ(found.flat()[0], 3);
  EXPECT_EQ(found.flat()[1], 0);
  EXPECT_TRUE(std::isnan(found.flat()[2]));
  EXPECT_EQ(found.flat()[3], 5);
}

TEST(Transform, minmax_clamps_what_comes_back_and_holds_first_guesses) {
  const VariableTransforms transforms = Ranged{{2, 0}, {4, 1e-6}}.transforms();
  Array<float, 2> field({1, 2});
  field(0, 0) = -0.5F;
  field(0, 1) = 1.5F;
  transforms.invert(0, field);
  EXPECT_EQ(field(0, 0), 2);
  EXPECT_FLOAT_EQ(field(0, 1), 1e-6F);
  EXPECT_EQ(transforms.of(0, 0, 12), 2.5F);
  EXPECT_EQ(transforms.of_guess(0, 0, 12), 2);
  EXPECT_EQ(transforms.of_guess(0, 1, -3), -1);
  EXPECT_EQ(transforms.of_guess(0, 0, 3), 0.25F);
}

TEST(Transform, the_most_likely_lambda_is_that_of_a_reference) {
  std::ifstream file(std::string(HINDSCALE_TEST_REFERENCE) + "/dataset/boxcox.json");
  const auto reference = nlohmann::json::parse(file);
  ASSERT_EQ(reference.size(), 4U);
  for (const auto& sample : reference) {
    std::vector<double> logarithms;
    for (const double value : sample.at("values")) logarithms.push_back(std::log(value));
    const std::vector<double> weights(logarithms.size(), 3.0);
    EXPECT_NEAR(most_likely_lambda(logarithms, weights), sample.at("lambda").get<double>(), 1e-4);
  }
}

TEST(Transform, weights_count_as_repetitions) {
  std::vector<double> once, twice, weights, ones;
  for (int i = 0; i < 40; ++i) {
    once.push_back(0.05 * i + 0.01 * i * i);
    weights.push_back(i % 3 == 0 ? 2 : 1);
    twice.insert(twice.end(), i % 3 == 0 ? 2 : 1, once.back());
  }
  ones.assign(twice.size(), 1.0);
  EXPECT_EQ(most_likely_lambda(once, weights), most_likely_lambda(twice, ones));
}

}  // namespace
}  // namespace hindscale
