// SPDX-License-Identifier: Apache-2.0
// Convolutions of batches and their gradients against the sums that define them.
#include "hindscale/kernel/batch_convolution.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "hindscale/kernel/convolution.hpp"

namespace hindscale {
namespace {

/// Small multiples of 1/4: bfloat16 holds them, and their products and sums, exactly.
template <class T>
std::vector<T> quarters(std::int64_t n, int step) {
  std::vector<T> values;
  for (std::int64_t i = 0; i < n; ++i)
    values.push_back(narrow<T>(static_cast<float>((i * step + 3) % 7 - 3) / 4));
  return values;
}

struct Case {
  BatchShape shape;
  [[nodiscard]] std::int64_t height() const { return shape.out(shape.height); }
  [[nodiscard]] std::int64_t width() const { return shape.out(shape.width); }
  [[nodiscard]] std::int64_t inputs() const {
    return shape.n * shape.height * shape.width * shape.in_channels;
  }
  [[nodiscard]] std::int64_t outputs() const {
    return shape.n * height() * width() * shape.out_channels;
  }
  [[nodiscard]] std::int64_t weights() const {
    return shape.out_channels * shape.in_channels * shape.kernel * shape.kernel;
  }
};

/// Calls `work(input, weight, output)` with the places of all products that make the convolution.
template <class Work>
void each_product(const Case& c, const Work& work) {
  const BatchShape& s = c.shape;
  const std::int64_t k = s.kernel;
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t y = 0; y < c.height(); ++y)
      for (std::int64_t x = 0; x < c.width(); ++x)
        for (std::int64_t tap = 0; tap < k * k; ++tap) {
          const std::int64_t row = y * s.stride + tap / k - s.margin,
                             column = x * s.stride + tap % k - s.margin;
          if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
          for (std::int64_t in = 0; in < s.in_channels; ++in)
            for (std::int64_t out = 0; out < s.out_channels; ++out)
              work(((n * s.height + row) * s.width + column) * s.in_channels + in,
                   (out * s.in_channels + in) * k * k + tap,
                   ((n * c.height() + y) * c.width() + x) * s.out_channels + out);
        }
}

double as_double(float value) {
  return static_cast<double>(value);
}

template <class T>
std::vector<double> doubles(const std::vector<T>& values) {
  std::vector<double> result;
  for (const T value : values) result.push_back(as_double(widen(value)));
  return result;
}

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

template <class T>
void expect_the_sums(const Case& c) {
  const auto x = quarters<T>(c.inputs(), 5), to_y = quarters<T>(c.outputs(), 3);
  const auto weight = quarters<float>(c.weights(), 2),
             bias = quarters<float>(c.shape.out_channels, 4);
  std::vector<T> y(at(c.outputs())), to_x(at(c.inputs()));
  std::vector<float> to_weight(at(c.weights())), to_bias(at(c.shape.out_channels));
  auto& convolution = batch_convolution<T>(c.shape);
  convolution.forward(x.data(), weight.data(), bias.data(), y.data());
  convolution.to_input(to_y.data(), weight.data(), to_x.data());
  convolution.to_parameters(x.data(), to_y.data(), to_weight.data(), to_bias.data());

  const auto xs = doubles(x), ws = doubles(weight), slopes = doubles(to_y);
  std::vector<double> y_sum(y.size()), x_sum(x.size()), w_sum(weight.size()), b_sum(bias.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    y_sum[i] = as_double(bias[i % bias.size()]);
    b_sum[i % bias.size()] += slopes[i];
  }
  each_product(c, [&](std::int64_t i, std::int64_t w, std::int64_t o) {
    y_sum[at(o)] += xs[at(i)] * ws[at(w)];
    x_sum[at(i)] += slopes[at(o)] * ws[at(w)];
    w_sum[at(w)] += slopes[at(o)] * xs[at(i)];
  });
  // Parameters' gradients are float32 sums of exact products; maps are rounded to T at the end.
  constexpr double rounding = std::is_same_v<T, float> ? 1e-6 : 1.0 / 256;
  const auto expect_near = [](const std::vector<double>& found, const std::vector<double>& exact,
                              double share) {
    ASSERT_EQ(found.size(), exact.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      ASSERT_NEAR(found[i], exact[i], share * std::max(1.0, std::abs(exact[i]))) << "at " << i;
  };
  expect_near(doubles(y), y_sum, rounding);
  expect_near(doubles(to_x), x_sum, rounding);
  expect_near(doubles(to_weight), w_sum, 1e-6);
  expect_near(doubles(to_bias), b_sum, 1e-6);
}

const std::vector<BatchShape> shapes{
    {.n = 2, .in_channels = 3, .height = 8, .width = 12, .out_channels = 5},
    {.n = 3, .in_channels = 32, .height = 8, .width = 8, .out_channels = 16, .stride = 2},
    {.n = 1, .in_channels = 16, .height = 10, .width = 6, .out_channels = 16, .margin = 0},
    {.n = 2,
     .in_channels = 48,
     .height = 4,
     .width = 4,
     .out_channels = 32,
     .kernel = 1,
     .margin = 0},
    // Reordered on processors without AVX-512.
    {.n = 1, .in_channels = 12, .height = 200, .width = 220, .out_channels = 12}};

class BatchConvolutions : public testing::TestWithParam<BatchShape> {};

TEST_P(BatchConvolutions, in_float32_are_the_sums_that_define_them) {
  expect_the_sums<float>({GetParam()});
}

TEST_P(BatchConvolutions, in_bfloat16_have_float32_sums_and_parameters) {
  if (bfloat16_support() == BFloat16Support::none) GTEST_SKIP() << "no bfloat16 here";
  expect_the_sums<BFloat16>({GetParam()});
}

INSTANTIATE_TEST_SUITE_P(Shapes, BatchConvolutions, testing::ValuesIn(shapes));

}  // namespace
}  // namespace hindscale
