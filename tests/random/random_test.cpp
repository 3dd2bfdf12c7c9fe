// SPDX-License-Identifier: Apache-2.0
// Streams of random numbers: known answers, independence of the split, distribution.
#include "hindscale/random/random.hpp"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>
#include <set>
#include <vector>

namespace hindscale {
namespace {

using Philox = r123::Philox4x64_R<10>;

std::vector<float> normals(const StreamKey& key, std::uint64_t first, std::size_t n) {
  std::vector<float> values(n);
  fill_normal(key, first, values);
  return values;
}

double normal_distribution(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

/// Largest distance between the empirical distribution and the true one.
template <class T, class Distribution>
double kolmogorov_smirnov(std::vector<T> values, const Distribution& distribution) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double largest = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = distribution(static_cast<double>(values[i]));
    const auto rank = static_cast<double>(i);
    largest = std::max({largest, expected - rank / n, (rank + 1) / n - expected});
  }
  return largest;
}

/// Below this with probability 0.999999 at n numbers; the streams are fixed, so a pass stays a
/// pass.
double kolmogorov_smirnov_bound(std::size_t n) {
  return 2.7 / std::sqrt(static_cast<double>(n));
}

TEST(Philox, known_answers_of_the_published_test_vectors) {
  const auto zero = Philox()({{0, 0, 0, 0}}, {{0, 0}});
  EXPECT_EQ(zero[0], 0x16554d9eca36314cU);
  EXPECT_EQ(zero[1], 0xdb20fe9d672d0fdcU);
  EXPECT_EQ(zero[2], 0xd7e772cee186176bU);
  EXPECT_EQ(zero[3], 0x7e68b68aec7ba23bU);
  const auto pi = Philox()(
      {{0x243f6a8885a308d3U, 0x13198a2e03707344U, 0xa4093822299f31d0U, 0x082efa98ec4e6c89U}},
      {{0x452821e638d01377U, 0xbe5466cf34e90c6cU}});
  EXPECT_EQ(pi[0], 0xa528f45403e61d95U);
  EXPECT_EQ(pi[3], 0x57bd43b5e52b7fe6U);
}

TEST(Uniform, the_first_numbers_of_the_zero_stream_are_the_zero_vector) {
  constexpr std::array<std::uint64_t, 4> words = {0x16554d9eca36314cU, 0xdb20fe9d672d0fdcU,
                                                  0xd7e772cee186176bU, 0x7e68b68aec7ba23bU};
  const StreamKey zero{.seed = 0, .purpose = Purpose{0}};
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(uniform(zero, i), static_cast<double>(words[i]) * 0x1p-64, 0x1p-52);
  }
}

TEST(Uniform, every_part_of_the_key_enters_philox_where_it_is_documented) {
  const StreamKey key{.seed = 7, .purpose = Purpose::bootstrap, .a = 11, .b = 13, .c = 17};
  const auto words = Philox()({{5, 11, 13, 0}}, {{7, (std::uint64_t{7} << 32) | 17}});
  EXPECT_NEAR(uniform(key, 22), static_cast<double>(words[2]) * 0x1p-64, 0x1p-52);
}

TEST(FillNormal, any_split_gives_the_same_numbers) {
  const StreamKey key{.seed = 3, .a = 4, .b = 5, .c = 6};
  const std::vector<float> whole = normals(key, 0, 101);
  for (std::size_t first = 0; first < 9; ++first) {
    for (std::size_t n = 0; n < 20; ++n) {
      const auto begin = whole.begin() + static_cast<std::ptrdiff_t>(first);
      EXPECT_EQ(normals(key, first, n),
                std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(n)));
    }
  }
}

TEST(FillUniform, any_split_gives_the_same_numbers) {
  const StreamKey key{.seed = 3, .purpose = Purpose::noise_level};
  std::vector<double> whole(17);
  fill_uniform(key, 2, whole);
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(whole[i], uniform(key, i + 2));
}

TEST(FillNormal, numbers_are_box_and_muller_of_the_uniform_ones) {
  const StreamKey key{.seed = 6};
  const std::vector<float> values = normals(key, 0, 100);
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const double squared = double{values[i]} * values[i] + double{values[i + 1]} * values[i + 1];
    EXPECT_NEAR(squared, -2 * std::log(uniform(key, i)), 1e-5);
    const double turn = std::atan2(values[i + 1], values[i]) / (2 * std::numbers::pi);
    EXPECT_NEAR(turn < 0 ? turn + 1 : turn, uniform(key, i + 1), 1e-6);
  }
}

TEST(FillNormal, streams_are_reached_at_any_depth) {
  constexpr std::uint64_t far = std::uint64_t{1} << 60;
  EXPECT_EQ(normals({}, far + 3, 2)[0], normals({}, far, 4)[3]);
  EXPECT_NE(normals({}, far, 4), normals({}, 0, 4));
}

TEST(FillNormal, moments_and_distribution_are_those_of_the_standard_normal) {
  constexpr std::size_t n = 400'000;
  const std::vector<float> values = normals({.seed = 2024}, 1, n);
  std::array<double, 5> moment{};
  double neighbours = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double power = 1;
    for (double& sum : moment) {
      sum += power / n;
      power *= values[i];
    }
    if (i > 0) neighbours += double{values[i]} * values[i - 1] / n;
  }
  const double sigma = 1 / std::sqrt(static_cast<double>(n));
  EXPECT_NEAR(moment[1], 0, 5 * sigma);
  EXPECT_NEAR(moment[2], 1, 5 * sigma * std::sqrt(2.0));
  EXPECT_NEAR(moment[3], 0, 5 * sigma * std::sqrt(15.0));
  EXPECT_NEAR(moment[4], 3, 5 * sigma * std::sqrt(96.0));
  EXPECT_NEAR(neighbours, 0, 5 * sigma);
  EXPECT_LT(kolmogorov_smirnov(values, normal_distribution), kolmogorov_smirnov_bound(n));
}

TEST(FillUniform, numbers_are_uniform_in_the_open_interval) {
  constexpr std::size_t n = 200'000;
  std::vector<double> values(n);
  fill_uniform({.seed = 9, .purpose = Purpose::bootstrap}, 0, values);
  EXPECT_GT(*std::min_element(values.begin(), values.end()), 0.0);
  EXPECT_LT(*std::max_element(values.begin(), values.end()), 1.0);
  EXPECT_LT(kolmogorov_smirnov(values, [](double x) { return x; }), kolmogorov_smirnov_bound(n));
}

TEST(UniformBelow, integers_cover_the_range_evenly) {
  constexpr std::uint64_t n_values = 7;
  constexpr std::size_t n = 70'000;
  std::array<double, n_values> count{};
  for (std::size_t i = 0; i < n; ++i)
    ++count.at(uniform_below({.purpose = Purpose::patch_order}, i, n_values));
  const double expected = static_cast<double>(n) / n_values;
  double chi_squared = 0;
  for (const double seen : count) chi_squared += (seen - expected) * (seen - expected) / expected;
  EXPECT_LT(chi_squared, 38.3);  // 0.999999 quantile at 6 degrees of freedom
  EXPECT_EQ(uniform_below({}, 5, 1), 0U);
  EXPECT_THROW(uniform_below({}, 5, 0), AssertionError);
}

TEST(StreamKey, streams_that_differ_anywhere_share_no_numbers) {
  const std::vector<StreamKey> keys = {
      {.seed = 0},      {.seed = 1}, {.purpose = Purpose::training_noise},
      {.a = 1},         {.b = 1},    {.c = 1},
      {.a = 1, .b = 1}, {.a = 2},    {.seed = std::uint64_t{1} << 32}};
  constexpr std::size_t n = 1000;
  std::set<double> seen;
  for (const StreamKey& key : keys) {
    std::vector<double> values(n);
    fill_uniform(key, 0, values);
    seen.insert(values.begin(), values.end());
  }
  EXPECT_EQ(seen.size(), keys.size() * n);
}

TEST(StreamKey, members_are_uncorrelated) {
  constexpr std::size_t n = 100'000;
  const std::vector<float> one = normals({.a = 1}, 0, n);
  const std::vector<float> two = normals({.a = 2}, 0, n);
  double product = 0;
  for (std::size_t i = 0; i < n; ++i) product += double{one[i]} * two[i] / n;
  EXPECT_NEAR(product, 0, 5 / std::sqrt(static_cast<double>(n)));
}

TEST(StudentNoise, has_the_law_of_students_t_at_unit_variance) {
  constexpr double degrees = 5;
  constexpr std::size_t n = 40'000;
  std::vector<float> values(n);  // the first number of each stream: independent ones
  for (std::size_t i = 0; i < n; ++i) fill_noise({.seed = 2, .a = i}, degrees, 0, {&values[i], 1});
  const boost::math::students_t_distribution<double> law(degrees);
  const double unit = std::sqrt(degrees / (degrees - 2));
  EXPECT_LT(kolmogorov_smirnov(values, [&](double x) { return cdf(law, x * unit); }),
            kolmogorov_smirnov_bound(n));
  EXPECT_GT(kolmogorov_smirnov(values, normal_distribution), kolmogorov_smirnov_bound(n));
  double square = 0;
  for (const float value : values) square += double{value} * value / n;
  const double kurtosis = 3 + 6 / (degrees - 4);
  EXPECT_NEAR(square, 1, 5 * std::sqrt((kurtosis - 1) / n));
  // The tail index: the share beyond a bound falls with its power of minus the degrees.
  for (const double bound : {4.0, 8.0}) {
    const auto beyond = static_cast<double>(
        std::count_if(values.begin(), values.end(), [&](float x) { return std::abs(x) > bound; }));
    const double expected = 2 * cdf(law, -bound * unit) * n;
    EXPECT_GT(expected, 5);
    EXPECT_NEAR(beyond, expected, 4 * std::sqrt(expected)) << bound;
  }
}

TEST(StudentNoise, is_normal_noise_times_one_scale_a_stream) {
  const StreamKey key{.seed = 3, .purpose = Purpose::sample_noise, .a = 4, .b = 5};
  std::vector<float> values(100);
  fill_noise(key, 7, 0, values);
  const double scale = student_scale(key, 7);
  const std::vector<float> normal = normals(key, 0, 100);
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(values[i], static_cast<float>(scale * double{normal[i]}));
  StreamKey later = key;
  later.c = 9;
  EXPECT_EQ(student_scale(later, 7), scale);
  std::set<double> others{scale};
  for (StreamKey other : {key, key, key, key}) {
    (others.size() == 1   ? other.seed
     : others.size() == 2 ? other.a
     : others.size() == 3 ? other.b
                          : other.seed) += 1;
    if (others.size() == 4)
      other = {.seed = 3, .purpose = Purpose::validation_noise, .a = 4, .b = 5};
    others.insert(student_scale(other, 7));
  }
  EXPECT_EQ(others.size(), 5U);
  fill_noise(key, 0, 0, values);
  EXPECT_EQ(values, normal);
}

}  // namespace
}  // namespace hindscale
