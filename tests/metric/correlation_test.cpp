// SPDX-License-Identifier: Apache-2.0
#include "hindscale/metric/correlation.hpp"

#include <cmath>

#include "fields.hpp"

namespace hindscale {
namespace {

using test::normal_field;
using test::row_weights;

TEST(CorrelationTest, a_linear_relation_has_correlation_one) {
  const Shape<2> shape{6, 7};
  const Array<float, 2> zero(shape, 0.0F);
  std::vector<MonthMoments> months;
  for (const std::uint64_t i : {1, 2, 3}) {
    const auto a = normal_field(shape, i);
    auto b = a;
    for (float& value : b.flat()) value = 5 - 2 * value;
    months.push_back(month_moments({a, zero}, {b, zero}, row_weights(shape)));
  }
  EXPECT_NEAR(correlation_of(months), -1, 1e-6);
  EXPECT_NEAR(correlation_of(moments_of(values_of(months))), correlation_of(months), 0);
}

TEST(CorrelationTest, anomalies_do_not_see_the_climatology) {
  const Shape<2> shape{6, 8};
  const Array<float, 2> zero(shape, 0.0F);
  Array<float, 2> climatology(shape);
  for (std::size_t i = 0; i < climatology.size(); ++i)
    climatology.data()[i] = static_cast<float>(i % 5);
  const auto a = normal_field(shape, 1);
  const auto b = normal_field(shape, 2);
  auto shifted = a;
  for (std::size_t i = 0; i < a.size(); ++i) shifted.data()[i] += climatology.data()[i];
  const auto plain = month_moments({a, zero}, {b, zero}, row_weights(shape));
  const auto moved = month_moments({shifted, climatology}, {b, zero}, row_weights(shape));
  EXPECT_NEAR(correlation_of(std::span(&plain, 1)), correlation_of(std::span(&moved, 1)), 1e-6);
}

TEST(CorrelationTest, agrees_with_numpy) {
  const test::Reference reference;
  const auto truth = reference.field("truth");
  const auto climatology = reference.field("climatology");
  const auto members = reference.members();
  for (const std::string mask : {"full", "masked"}) {
    const auto month =
        month_moments({truth, climatology}, {members[0], climatology}, reference.weight(mask));
    EXPECT_NEAR(correlation_of(std::span(&month, 1)), reference[mask]["correlation"],
                test::reference_tolerance);
  }
}

TEST(CorrelationTest, a_constant_has_none) {
  const Shape<2> shape{2, 2};
  const Array<float, 2> zero(shape, 0.0F);
  const auto month =
      month_moments({zero, zero}, {normal_field(shape, 1), zero}, row_weights(shape));
  EXPECT_TRUE(std::isnan(correlation_of(std::span(&month, 1))));
  EXPECT_TRUE(std::isnan(correlation_of({})));
}

}  // namespace
}  // namespace hindscale
