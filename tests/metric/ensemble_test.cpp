// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/ensemble.hpp"

#include <cmath>
#include <numbers>

#include "fields.hpp"

namespace hindscale {
namespace {

using test::normal_field;
using test::row_weights;

MonthEnsemble whole_month(const Array<float, 3>& members, const Array<float, 2>& truth,
                          const Array<double, 2>& weight) {
  MonthEnsemble month;
  add_band({members, truth, weight}, {}, month);
  return month;
}

EnsembleScores scores_of_month(const MonthEnsemble& month) {
  return ensemble_scores(std::span(&month, 1));
}

TEST(EnsembleTest, crps_of_two_members_by_hand) {
  Array<float, 3> members({2, 1, 1});
  members(0, 0, 0) = 4;
  members(1, 0, 0) = 1;
  const auto scores =
      scores_of_month(whole_month(members, Array<float, 2>({1, 1}, 2.0F), row_weights({1, 1})));
  // (|4 - 2| + |1 - 2|) / 2 - |4 - 1| / 2
  EXPECT_DOUBLE_EQ(scores.crps, 0.0);
  EXPECT_DOUBLE_EQ(scores.spread, std::sqrt(4.5));
  EXPECT_EQ(scores.rank_histogram, (std::vector<double>{0, 1, 0}));
}

TEST(EnsembleTest, crps_of_equal_members_is_the_absolute_error) {
  const auto scores = scores_of_month(whole_month(
      Array<float, 3>({6, 1, 1}, 1.5F), Array<float, 2>({1, 1}, 4.0F), row_weights({1, 1})));
  EXPECT_DOUBLE_EQ(scores.crps, 2.5);
  EXPECT_DOUBLE_EQ(scores.spread_skill, 0);
  EXPECT_DOUBLE_EQ(scores.rank_histogram.back(), 1);
}

TEST(EnsembleTest, one_member_has_no_spread) {
  const auto scores = scores_of_month(whole_month(
      Array<float, 3>({1, 1, 1}, 1.0F), Array<float, 2>({1, 1}, 4.0F), row_weights({1, 1})));
  EXPECT_TRUE(std::isnan(scores.crps));
  EXPECT_TRUE(std::isnan(scores.spread_skill));
  EXPECT_EQ(scores.rank_histogram, (std::vector<double>{0, 1}));
}

TEST(EnsembleTest, exchangeable_members_are_calibrated) {
  const Shape<2> shape{100, 200};
  constexpr std::size_t n_members = 9;
  const auto truth = normal_field(shape, 1);
  const auto members = normal_field<3>({n_members, shape[0], shape[1]}, 2);
  const auto scores = scores_of_month(whole_month(members, truth, Array<double, 2>(shape, 1.0)));
  // 20,000 independent cells: four standard errors.
  const double n_cells = 20000;
  for (const double frequency : scores.rank_histogram)
    EXPECT_NEAR(frequency, 0.1, 4 * std::sqrt(0.1 * 0.9 / n_cells));
  EXPECT_NEAR(scores.spread_skill, 1, 4 * std::sqrt(0.5 * (1 + 1.0 / n_members) / n_cells));
  // The fair CRPS of exchangeable draws is unbiased: that of the standard normal about itself, 1 /
  // sqrt(pi).
  EXPECT_NEAR(scores.crps, std::numbers::inv_sqrtpi, 4 * 0.5 / std::sqrt(n_cells));
}

TEST(EnsembleTest, ties_are_broken_evenly_and_by_key) {
  const Shape<2> shape{100, 100};
  const Array<float, 3> members({3, shape[0], shape[1]}, 0.0F);
  const Array<float, 2> truth(shape, 0.0F);
  const auto weight = Array<double, 2>(shape, 1.0);
  const auto first = whole_month(members, truth, weight);
  for (const double frequency : scores_of_month(first).rank_histogram)
    EXPECT_NEAR(frequency, 0.25, 4 * std::sqrt(0.25 * 0.75 / 10000));
  EXPECT_EQ(whole_month(members, truth, weight).ranks, first.ranks);
  MonthEnsemble other;
  add_band({members, truth, weight}, {.seed = 0, .variable = 1, .month = 0}, other);
  EXPECT_NE(other.ranks, first.ranks);
}

TEST(EnsembleTest, bands_of_any_height_give_the_same_bits) {
  const Shape<2> shape{13, 17};
  auto members = normal_field<3>({4, shape[0], shape[1]}, 1);
  auto truth = normal_field(shape, 2);
  for (float& value : members.flat()) value = std::round(2 * value);  // many ties
  for (float& value : truth.flat()) value = std::round(2 * value);
  const auto weight = row_weights(shape);
  const auto whole = values_of(std::vector{whole_month(members, truth, weight)});
  for (const std::size_t height : {1, 4, 12}) {
    MonthEnsemble month;
    for (std::size_t row = 0; row < shape[0]; row += height) {
      const std::size_t n = std::min(height, shape[0] - row);
      Array<float, 3> part({4, n, shape[1]});
      for (std::size_t m = 0; m < 4; ++m) {
        for (std::size_t i = 0; i < n * shape[1]; ++i)
          part.data()[m * n * shape[1] + i] = members[m].data()[row * shape[1] + i];
      }
      const View<const float, 2> part_truth(&truth(row, 0), {n, shape[1]});
      const View<const double, 2> part_weight(&weight(row, 0), {n, shape[1]});
      add_band({part, part_truth, part_weight, row}, {}, month);
    }
    EXPECT_EQ(values_of(std::vector{month}), whole);
  }
}

TEST(EnsembleTest, scores_agree_with_brute_force_in_numpy) {
  const test::Reference reference;
  for (const std::string mask : {"full", "masked"}) {
    SCOPED_TRACE(mask);
    const auto scores = scores_of_month(
        whole_month(reference.members(), reference.field("truth"), reference.weight(mask)));
    const nlohmann::json& expected = reference[mask]["probabilistic"];
    EXPECT_NEAR(scores.crps, expected["crps"], test::reference_tolerance);
    EXPECT_NEAR(scores.spread, expected["spread"], test::reference_tolerance);
    EXPECT_NEAR(scores.spread_skill, expected["spread_skill"], 10 * test::reference_tolerance);
    EXPECT_NEAR(scores.reliability_index, expected["reliability_index"], 1e-12);
    for (std::size_t i = 0; i < scores.rank_histogram.size(); ++i)
      EXPECT_NEAR(scores.rank_histogram[i], expected["rank_histogram"][i], 1e-12);
  }
}

TEST(EnsembleTest, a_missing_member_that_counts_is_refused) {
  auto members = normal_field<3>({3, 2, 2}, 1);
  members(1, 1, 1) = std::numeric_limits<float>::quiet_NaN();
  auto weight = row_weights({2, 2});
  EXPECT_THROW(whole_month(members, normal_field<2>({2, 2}, 2), weight), AssertionError);
  weight(1, 1) = 0;
  EXPECT_TRUE(std::isfinite(
      scores_of_month(whole_month(members, normal_field<2>({2, 2}, 2), weight)).crps));
}

TEST(EnsembleTest, mean_and_spread_of_members) {
  Array<float, 3> members({3, 1, 2});
  const std::vector<float> values{1, 10, 2, 10, 6, 10};
  std::copy(values.begin(), values.end(), members.data());
  Array<float, 2> mean({1, 2});
  Array<float, 2> spread({1, 2});
  members_mean(members, mean);
  members_spread(members, spread);
  EXPECT_FLOAT_EQ(mean(0, 0), 3);
  EXPECT_FLOAT_EQ(spread(0, 0), std::sqrt(7.0F));
  EXPECT_FLOAT_EQ(mean(0, 1), 10);
  EXPECT_FLOAT_EQ(spread(0, 1), 0);
}

TEST(GaussianTest, crps_is_the_integral_of_the_squared_difference_of_distributions) {
  const double mean = 0.7;
  const double deviation = 1.3;
  const double truth = 2.1;
  constexpr double step = 1e-4;
  double integral = 0;
  for (double v = -12; v < 14; v += step) {
    const double middle = v + step / 2;
    const double cdf = 0.5 * std::erfc((mean - middle) / deviation / std::numbers::sqrt2);
    const double difference = cdf - (middle > truth ? 1 : 0);
    integral += difference * difference * step;
  }
  EXPECT_NEAR(gaussian_crps(mean, deviation, truth), integral, 1e-4);
  EXPECT_DOUBLE_EQ(gaussian_crps(1, 0, 3), 2);
}

TEST(GaussianTest, crps_of_many_draws_converges_to_the_closed_form) {
  constexpr std::size_t n_members = 20000;
  const auto members = normal_field<3>({n_members, 1, 1}, 3);
  const Array<float, 2> truth({1, 1}, 0.8F);
  const auto scores = scores_of_month(whole_month(members, truth, row_weights({1, 1})));
  EXPECT_NEAR(scores.crps, gaussian_crps(0, 1, 0.8F), 4 / std::sqrt(n_members));
}

TEST(QuantilesTest, of_a_gaussian_have_its_crps) {
  constexpr std::size_t n = 1001;  // odd: the median is one of them
  Array<float, 3> quantiles({n, 1, 1});
  for (std::size_t q = 0; q < n; ++q) {  // by bisection of the distribution function
    const double level = (static_cast<double>(q) + 0.5) / n;
    double low = -10, high = 10;
    while (high - low > 1e-9) {
      const double middle = (low + high) / 2;
      (0.5 * std::erfc(-middle / std::sqrt(2.0)) < level ? low : high) = middle;
    }
    quantiles(q, 0, 0) = static_cast<float>(2 * low + 1);
  }
  const Array<float, 2> mean({1, 1}, 1.0F), deviation({1, 1}, 2.0F), truth({1, 1}, 2.5F);
  const MonthEnsemble month =
      month_quantiles(quantiles, {mean, deviation}, truth, Array<double, 2>({1, 1}, 3.0));
  EXPECT_NEAR(month.sum_crps / month.weight, gaussian_crps(1, 2, 2.5), 1e-3);
  EXPECT_DOUBLE_EQ(month.sum_squared_error, 3 * 1.5 * 1.5);
  EXPECT_DOUBLE_EQ(month.sum_variance, 3 * 4);
}

TEST(GaussianTest, a_right_gaussian_has_spread_equal_to_skill) {
  const Shape<2> shape{100, 200};
  const Array<float, 2> mean(shape, 0.0F);
  const Array<float, 2> deviation(shape, 1.0F);
  const auto month =
      month_gaussian({mean, deviation}, normal_field(shape, 5), Array<double, 2>(shape, 1.0));
  const auto months = ensemble_months_of(values_of(std::vector{month, month}), 0);
  const auto scores = ensemble_scores(months);
  EXPECT_NEAR(scores.spread_skill, 1, 4 * std::sqrt(0.5 / 20000));
  EXPECT_NEAR(scores.crps, std::numbers::inv_sqrtpi, 4 * 0.5 / std::sqrt(20000.0));
  EXPECT_TRUE(scores.rank_histogram.empty());
  EXPECT_TRUE(std::isnan(scores.reliability_index));
}

TEST(EnsembleTest, months_survive_packing_and_picks_repeat_them) {
  const Shape<2> shape{3, 4};
  std::vector<MonthEnsemble> months;
  for (const std::uint64_t i : {1, 2}) {
    months.push_back(whole_month(normal_field<3>({3, 3, 4}, i), normal_field(shape, 10 + i),
                                 row_weights(shape)));
  }
  const auto packed = ensemble_months_of(values_of(months), 3);
  const std::vector<std::size_t> picks{1, 1};
  EXPECT_EQ(ensemble_scores(packed, picks).crps, ensemble_scores(std::span(&months[1], 1)).crps);
  EXPECT_EQ(packed[0].ranks, months[0].ranks);
}

}  // namespace
}  // namespace hindscale
