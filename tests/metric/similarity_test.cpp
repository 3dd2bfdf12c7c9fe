// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/similarity.hpp"

#include <cmath>

#include "fields.hpp"

namespace hindscale {
namespace {

using test::normal_field;

TEST(SimilarityTest, agrees_with_scipy_at_borders_masks_and_across_the_date_line) {
  const test::Reference reference;
  const double range = reference["range"];
  for (const std::string mask : {"full", "masked"}) {
    SCOPED_TRACE(mask);
    const auto truth = reference.field("truth");
    const auto forecast = reference.field("forecast");
    const auto weight = reference.weight(mask);
    const nlohmann::json& expected = reference[mask]["deterministic"];
    EXPECT_NEAR(structural_similarity(truth, forecast, weight, {range, Columns::bounded}),
                expected["ssim_bounded"], test::reference_tolerance);
    EXPECT_NEAR(structural_similarity(truth, forecast, weight, {range, Columns::periodic}),
                expected["ssim_periodic"], test::reference_tolerance);
  }
}

TEST(SimilarityTest, constant_fields_have_the_luminance_term_only) {
  const Shape<2> shape{11, 11};
  const Array<float, 2> truth(shape, 2.0F);
  const Array<float, 2> forecast(shape, 3.0F);
  const double c_1 = 0.01 * 5 * 0.01 * 5;
  EXPECT_NEAR(
      structural_similarity(truth, forecast, Array<double, 2>(shape, 1.0), {5.0, Columns::bounded}),
      (2 * 6 + c_1) / (13 + c_1), 1e-9);
}

TEST(SimilarityTest, rotating_a_periodic_field_changes_rounding_only) {
  const Shape<2> shape{12, 20};
  const auto truth = normal_field(shape, 1);
  const auto forecast = normal_field(shape, 2);
  auto rotated_truth = truth;
  auto rotated_forecast = forecast;
  for (std::size_t y = 0; y < shape[0]; ++y) {
    for (std::size_t x = 0; x < shape[1]; ++x) {
      rotated_truth(y, (x + 7) % shape[1]) = truth(y, x);
      rotated_forecast(y, (x + 7) % shape[1]) = forecast(y, x);
    }
  }
  const auto weight = test::row_weights(shape);
  const ScoreOptions options{4.0, Columns::periodic};
  EXPECT_NEAR(structural_similarity(rotated_truth, rotated_forecast, weight, options),
              structural_similarity(truth, forecast, weight, options), 1e-13);
}

TEST(SimilarityTest, a_domain_without_a_complete_window_has_none) {
  for (const Shape<2> shape : {Shape<2>{10, 30}, Shape<2>{30, 10}}) {
    const auto truth = normal_field(shape, 1);
    EXPECT_TRUE(std::isnan(structural_similarity(truth, truth, Array<double, 2>(shape, 1.0),
                                                 {1.0, Columns::bounded})));
  }
  const Shape<2> shape{11, 11};
  const auto truth = normal_field(shape, 1);
  Array<double, 2> weight(shape, 1.0);
  weight(0, 10) = 0;
  EXPECT_TRUE(std::isnan(structural_similarity(truth, truth, weight, {1.0, Columns::bounded})));
}

}  // namespace
}  // namespace hindscale
