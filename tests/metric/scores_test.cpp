// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/scores.hpp"

#include <cmath>

#include "fields.hpp"

namespace hindscale {
namespace {

using test::normal_field;
using test::reference_tolerance;
using test::row_weights;

constexpr Shape<2> shape{14, 18};
constexpr float missing = std::numeric_limits<float>::quiet_NaN();

Array<float, 2> plus(Array<float, 2> field, float offset) {
  for (float& value : field.flat()) value += offset;
  return field;
}

class ScoresTest : public ::testing::Test {
 protected:
  MonthErrors errors_of(const Array<float, 2>& forecast) const {
    return month_errors({truth, forecast, climatology, weight}, {range, Columns::bounded});
  }
  Scores scores_of_one(const Array<float, 2>& forecast) const {
    const MonthErrors month = errors_of(forecast);
    return scores_of(std::span(&month, 1), range);
  }
  Array<float, 2> truth = normal_field(shape, 1);
  Array<float, 2> climatology = Array<float, 2>(shape, 0.25F);
  Array<double, 2> weight = row_weights(shape);
  double range = 4;
};

TEST_F(ScoresTest, a_perfect_forecast_has_no_error) {
  const Scores scores = scores_of_one(truth);
  EXPECT_EQ(scores.rmse, 0);
  EXPECT_EQ(scores.mae, 0);
  EXPECT_EQ(scores.bias, 0);
  EXPECT_NEAR(scores.acc, 1, 1e-14);
  EXPECT_NEAR(scores.ssim, 1, 1e-12);
  EXPECT_TRUE(std::isinf(scores.psnr));
}

TEST_F(ScoresTest, a_constant_error_is_rmse_mae_and_bias) {
  const Scores scores = scores_of_one(plus(truth, -0.5F));
  constexpr double rounding_of_float = 1e-6;
  EXPECT_NEAR(scores.rmse, 0.5, rounding_of_float);
  EXPECT_NEAR(scores.mae, 0.5, rounding_of_float);
  EXPECT_NEAR(scores.bias, -0.5, rounding_of_float);
  EXPECT_NEAR(scores.psnr, 10 * std::log10(64.0), 1e-5);
  EXPECT_NEAR(scores.acc, 1, rounding_of_float);
}

TEST_F(ScoresTest, anomalies_scaled_by_a_negative_number_have_acc_minus_one) {
  Array<float, 2> forecast = truth;
  for (float& value : forecast.flat()) value = 0.25F - 3 * (value - 0.25F);
  EXPECT_NEAR(scores_of_one(forecast).acc, -1, 1e-12);
}

TEST_F(ScoresTest, the_climatology_as_forecast_has_no_acc) {
  EXPECT_TRUE(std::isnan(scores_of_one(climatology).acc));
}

TEST_F(ScoresTest, psnr_of_own_ranges_ignores_scale_and_offset) {
  Array<float, 2> forecast = truth;
  for (float& value : forecast.flat()) value = 10 + 4 * value;
  EXPECT_GT(scores_of_one(forecast).psnr_own_range, 120);
}

TEST_F(ScoresTest, means_come_before_roots) {
  std::vector<MonthErrors> months{errors_of(plus(truth, 1)), errors_of(plus(truth, 3))};
  EXPECT_NEAR(scores_of(months, range).rmse, std::sqrt((1.0 + 9.0) / 2), 1e-6);
}

TEST_F(ScoresTest, picks_repeat_months) {
  const std::vector<MonthErrors> months{errors_of(plus(truth, 1)), errors_of(plus(truth, 3))};
  const std::vector<std::size_t> picks{1, 1, 0, 1};
  EXPECT_NEAR(scores_of(months, range, picks).mae, 2.5, 1e-6);
  const std::vector<MonthErrors> repeated{months[1], months[1], months[0], months[1]};
  EXPECT_EQ(scores_of(months, range, picks).rmse, scores_of(repeated, range).rmse);
}

TEST_F(ScoresTest, missing_cells_change_nothing) {
  Array<float, 2> forecast = plus(truth, 0.5F);
  truth(3, 4) = missing;
  weight = valid_weights(weight, std::vector<View<const float, 2>>{std::as_const(truth).view()});
  EXPECT_EQ(weight(3, 4), 0);
  forecast(3, 4) = 1e30F;
  const Scores scores = scores_of_one(forecast);
  EXPECT_NEAR(scores.rmse, 0.5, 1e-6);
  EXPECT_NEAR(scores.acc, 1, 1e-6);
}

TEST_F(ScoresTest, without_valid_cells_all_is_undefined) {
  weight = Array<double, 2>(shape, 0.0);
  const Scores scores = scores_of_one(truth);
  for (const double score : {scores.rmse, scores.mae, scores.bias, scores.acc, scores.ssim,
                             scores.psnr, scores.psnr_own_range}) {
    EXPECT_TRUE(std::isnan(score));
  }
}

TEST_F(ScoresTest, a_missing_value_that_counts_is_refused) {
  Array<float, 2> forecast = truth;
  forecast(0, 0) = missing;
  EXPECT_THROW(errors_of(forecast), AssertionError);
}

TEST_F(ScoresTest, ranges_merge_in_any_order) {
  ValueRange a = value_range(truth, weight);
  const ValueRange b = value_range(plus(truth, 1), weight);
  ValueRange c = b;
  c.include(a);
  a.include(b);
  EXPECT_EQ(a.width(), c.width());
  EXPECT_EQ(ValueRange{}.width(), 0);
}

TEST_F(ScoresTest, months_survive_packing) {
  const std::vector<MonthErrors> months{errors_of(plus(truth, 1)), errors_of(climatology)};
  const std::vector<double> values = values_of(months);
  EXPECT_EQ(values_of(months_of(values)).size(), values.size());
  EXPECT_EQ(scores_of(months_of(values), range).ssim, scores_of(months, range).ssim);
  EXPECT_EQ(scores_of(months_of(values), range).psnr_own_range,
            scores_of(months, range).psnr_own_range);
}

TEST(ScoresReferenceTest, scores_agree_with_numpy) {
  const test::Reference reference;
  const double range = reference["range"];
  for (const std::string mask : {"full", "masked"}) {
    SCOPED_TRACE(mask);
    const auto truth = reference.field("truth");
    const auto forecast = reference.field("forecast");
    const auto climatology = reference.field("climatology");
    const auto weight = reference.weight(mask);
    const MonthErrors month =
        month_errors({truth, forecast, climatology, weight}, {range, Columns::periodic});
    const Scores scores = scores_of(std::span(&month, 1), range);
    const nlohmann::json& expected = reference[mask]["deterministic"];
    EXPECT_NEAR(scores.rmse, expected["rmse"], reference_tolerance);
    EXPECT_NEAR(scores.mae, expected["mae"], reference_tolerance);
    EXPECT_NEAR(scores.bias, expected["bias"], reference_tolerance);
    EXPECT_NEAR(scores.acc, expected["acc"], reference_tolerance);
    EXPECT_NEAR(scores.ssim, expected["ssim_periodic"], reference_tolerance);
    EXPECT_NEAR(scores.psnr, expected["psnr"], 10 * reference_tolerance);
    EXPECT_NEAR(scores.psnr_own_range, expected["psnr_own_range"], 10 * reference_tolerance);
  }
}

}  // namespace
}  // namespace hindscale
