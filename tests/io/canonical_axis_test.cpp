// SPDX-License-Identifier: Apache-2.0
// Ordering and cleaning of coordinates.
#include "canonical_axis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using testing::ElementsAre;

TEST(canonical_axis, either_order_of_latitude_goes_north) {
  EXPECT_THAT(canonical_latitude({-1, 0, 5}).places, ElementsAre(0, 1, 2));
  const CanonicalAxis axis = canonical_latitude({5, 0, -1});
  EXPECT_THAT(axis.points, ElementsAre(-1, 0, 5));
  EXPECT_THAT(axis.places, ElementsAre(2, 1, 0));
}

TEST(canonical_axis, longitudes_unwrap_from_the_first) {
  EXPECT_THAT(canonical_longitude({-180, -90, 0, 90}).points, ElementsAre(-180, -90, 0, 90));
  EXPECT_THAT(canonical_longitude({180, 270, 0, 90}).points, ElementsAre(180, 270, 360, 450));
  EXPECT_THAT(canonical_longitude({90, 179, -91, -2}).points, ElementsAre(90, 179, 269, 358));
  const CanonicalAxis west = canonical_longitude({90, 0, -90});
  EXPECT_THAT(west.points, ElementsAre(-90, 0, 90));
  EXPECT_THAT(west.places, ElementsAre(2, 1, 0));
}

TEST(canonical_axis, columns_a_circle_on_are_left_out) {
  EXPECT_EQ(canonical_longitude({0, 90, 180, 270, 360}).points.size(), 4u);
  EXPECT_EQ(canonical_longitude({-180, -90, 0, 90, 180, 270}).points.size(), 4u);
  // The last of 1081 columns with a step that fell short of 1/3 degree.
  std::vector<double> drifted;
  for (int i = 0; i <= 1080; ++i) drifted.push_back(20.1666667 + 0.3333333 * i);
  const CanonicalAxis axis = canonical_longitude(drifted);
  ASSERT_EQ(axis.points.size(), 1080u);
  ASSERT_EQ(axis.places.size(), 1080u);
  EXPECT_NEAR(axis.points[1079] - axis.points[0], 360 - 1.0 / 3, 1e-9);
}

TEST(canonical_axis, single_precision_becomes_regular) {
  std::vector<double> single;
  for (int i = 0; i < 3600; ++i) single.push_back(static_cast<float>(-179.95 + 0.1 * i));
  const CanonicalAxis axis = canonical_longitude(single);
  for (int i = 0; i < 3600; ++i)
    ASSERT_NEAR(axis.points[static_cast<std::size_t>(i)], -179.95 + 0.1 * i, 1e-9);
  EXPECT_NE(single[7], axis.points[7]);
}

TEST(canonical_axis, a_circle_stretched_by_rounding_is_closed) {
  // etopo5.cdf: 4320 columns from 0 to 359.92 instead of 359.9167, evenly spaced.
  std::vector<double> stretched(4320);
  for (std::size_t i = 0; i < stretched.size(); ++i)
    stretched[i] = 359.92 * static_cast<double>(i) / 4319;
  const CanonicalAxis axis = canonical_longitude(stretched);
  ASSERT_EQ(axis.points.size(), 4320U);
  for (std::size_t i = 0; i < stretched.size(); ++i)
    ASSERT_NEAR(axis.points[i], static_cast<double>(i) / 12, 1e-9);
  // A region that only comes near to a circle stays as it is.
  EXPECT_NEAR(canonical_longitude({0, 100.5, 201}).points[2], 201, 1e-9);
}

TEST(canonical_axis, irregular_points_stay_as_they_are) {
  const std::vector<double> gaussian = {-87.8638, -85.0965, -82.3129, -79.5256, -76.7369};
  EXPECT_EQ(regular_if_near(gaussian), gaussian);
  EXPECT_EQ(regular_if_near({0, 0.7, 1.4}), (std::vector<double>{0, 0.7, 1.4}));
}

TEST(canonical_axis, axes_that_turn_back_are_refused) {
  EXPECT_THROW(canonical_latitude({0, 2, 1, 3}), InputError);
  EXPECT_THROW(canonical_latitude({0, 1, 1, 3}), InputError);
  EXPECT_THROW(canonical_latitude({0, NAN, 1}), InputError);
  EXPECT_THROW(canonical_longitude({0, 90, 80, 180}), InputError);
  EXPECT_THROW(canonical_longitude({0, 90, 9.96921e36}), InputError);
}

}  // namespace
}  // namespace hindscale
