// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/adjustment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "hindscale/random/random.hpp"

namespace hindscale::test {
namespace {

std::vector<float> nodes_of(std::vector<float> values, std::size_t n) {
  std::vector<float> nodes(n);
  find_nodes(values, nodes);
  return nodes;
}

std::vector<float> normal_numbers(std::size_t n, std::uint64_t part) {
  std::vector<float> numbers(n);
  fill_normal({.seed = 3, .purpose = Purpose::training_noise, .a = part, .b = 0}, 0, numbers);
  return numbers;
}

double mean_of(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Nodes, one_is_the_mean_and_many_are_quantiles) {
  EXPECT_EQ(nodes_of({4, 1, 1}, 1), (std::vector<float>{2}));
  // As many nodes as values: the values themselves, in order.
  EXPECT_EQ(nodes_of({3, 1, 2}, 3), (std::vector<float>{1, 2, 3}));
  // numpy.quantile([1, 2, 3, 4], [0.25, 0.75], method='hazen')
  EXPECT_EQ(nodes_of({4, 2, 1, 3}, 2), (std::vector<float>{1.5, 3.5}));
  EXPECT_EQ(nodes_of({5}, 3), (std::vector<float>{5, 5, 5}));
}

TEST(Nodes, of_a_gap_are_missing) {
  const auto nodes = nodes_of({1, std::numeric_limits<float>::quiet_NaN()}, 2);
  EXPECT_TRUE(std::isnan(nodes[0]) && std::isnan(nodes[1]));
}

TEST(Adjusted, is_missing_where_nodes_are) {
  constexpr float gap = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t n : {1, 3})
    for (const Beyond beyond : {Beyond::difference, Beyond::ratio}) {
      const std::vector<float> none(n, gap), some(n, 2.0F);
      EXPECT_TRUE(std::isnan(adjusted(none, some, 1, beyond)));
      EXPECT_TRUE(std::isnan(adjusted(some, none, 1, beyond)));
    }
}

TEST(Adjusted, one_node_shifts_or_scales) {
  const std::vector<float> from{10}, to{12};
  EXPECT_FLOAT_EQ(adjusted(from, to, 10, Beyond::difference), 12);
  EXPECT_FLOAT_EQ(adjusted(from, to, -3, Beyond::difference), -1);
  EXPECT_FLOAT_EQ(adjusted(from, to, 20, Beyond::ratio), 24);
  EXPECT_FLOAT_EQ(adjusted(from, to, 0, Beyond::ratio), 0);
}

TEST(Adjusted, ratios_are_limited) {
  const std::vector<float> small{0.001F}, large{1}, zero{0};
  EXPECT_FLOAT_EQ(adjusted(small, large, 0.01F, Beyond::ratio), 0.1F);
  EXPECT_FLOAT_EQ(adjusted(large, small, 2, Beyond::ratio), 0.2F);
  EXPECT_FLOAT_EQ(adjusted(zero, large, 0.5F, Beyond::ratio), 5);
  EXPECT_FLOAT_EQ(adjusted(zero, zero, 0.5F, Beyond::ratio), 0.5F);
}

TEST(Adjusted, nodes_become_nodes_and_between_them_it_is_linear) {
  const std::vector<float> from{0, 1, 3}, to{10, 20, 30};
  for (const auto& [value, expected] : {std::pair{0.0F, 10.0F},
                                        {1.0F, 20.0F},
                                        {3.0F, 30.0F},
                                        {0.5F, 15.0F},
                                        {2.0F, 25.0F},
                                        {-1.0F, 9.0F},
                                        {4.0F, 31.0F}})
    EXPECT_FLOAT_EQ(adjusted(from, to, value, Beyond::difference), expected);
  EXPECT_FLOAT_EQ(adjusted(from, to, 6, Beyond::ratio), 60);
  EXPECT_TRUE(
      std::isnan(adjusted(from, to, std::numeric_limits<float>::quiet_NaN(), Beyond::difference)));
}

TEST(Adjusted, dry_values_become_the_middle_of_what_dry_nodes_become) {
  const std::vector<float> from{0, 0, 0, 2}, to{0, 1, 4, 6};
  EXPECT_FLOAT_EQ(adjusted(from, to, 0, Beyond::ratio), 2);
  EXPECT_FLOAT_EQ(adjusted(from, to, 1, Beyond::ratio), 5);
}

TEST(Adjusted, never_falls_where_the_value_rises_and_never_gets_negative) {
  const std::vector<float> from = nodes_of({0.1F, 0.2F, 3, 5, 9}, 5),
                           to = nodes_of({0.001F, 40, 50, 60, 61}, 5);
  float before = 0;
  for (float value = 0; value < 12; value += 0.01F) {
    const float now = adjusted(from, to, value, Beyond::ratio);
    EXPECT_GE(now, before) << value;
    before = now;
  }
}

TEST(Adjusted, quantiles_give_a_biased_sample_the_other_distribution) {
  constexpr std::size_t n = 4000;
  constexpr double tolerance = 0.06;  // two standard errors of a quantile at 0.94 of so many
  const std::vector<float> truth = normal_numbers(n, 0);
  std::vector<float> source = normal_numbers(n, 1);
  for (float& value : source) value = std::exp(0.4F * value) + 5;  // skewed and shifted
  const auto from = nodes_of(source, 50), to = nodes_of(truth, 50);
  for (float& value : source) value = adjusted(from, to, value, Beyond::difference);
  for (const std::size_t n_quantiles : {1, 9}) {
    const auto reached = nodes_of(source, n_quantiles), wanted = nodes_of(truth, n_quantiles);
    for (std::size_t i = 0; i < n_quantiles; ++i) EXPECT_NEAR(reached[i], wanted[i], tolerance);
  }
}

TEST(Adjustment, means_of_each_month_variable_and_cell_become_those_asked_for) {
  Array<float, 4> from({12, 2, 1, 6}), to({12, 2, 1, 6});
  for (std::size_t i = 0; i < from.size(); ++i) {
    from.flat()[i] = 1.0F + static_cast<float>(i % 7);
    to.flat()[i] = 2.0F + static_cast<float>(i % 5);
  }
  const Adjustment adjustment({Beyond::difference, Beyond::ratio}, from, to);
  const Month month(1871, 3);
  std::vector<float> sums(12, 0.0F);
  constexpr int n = 3;
  for (int sample = -1; sample <= 1; ++sample) {  // deviations of 0, and of half the mean
    Array<float, 3> field({2, 2, 3});
    for (std::size_t i = 0; i < field.size(); ++i)
      field.flat()[i] = from[2].flat()[i] * (1 + 0.5F * static_cast<float>(sample));
    adjustment.apply(month, field);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += field.flat()[i] / n;
  }
  for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(sums[i], to[2].flat()[i], 1e-5) << i;
}

TEST(Adjustment, mean_of_a_shifted_sample_is_the_mean_asked_for) {
  std::vector<float> source = normal_numbers(1000, 2);
  for (float& value : source) value += 280;
  const auto from = nodes_of(source, 1);
  const std::vector<float> to{275};
  for (float& value : source) value = adjusted(from, to, value, Beyond::difference);
  EXPECT_NEAR(mean_of(source), 275, 1e-3);
}

}  // namespace
}  // namespace hindscale::test
