// SPDX-License-Identifier: Apache-2.0
// Digests of coarse fields: found by month and driver, put together, written and read back.
#include "coarse_digests.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

const Month january(1836, 1), february(1836, 2), march(1836, 3);

TEST(CoarseDigests, are_found_by_month_and_driver) {
  const CoarseDigests digests({{february, 2, 22}, {january, 1, 11}, {february, 1, 21}});
  EXPECT_EQ(digests.find(february, 2), 22U);
  EXPECT_EQ(digests.find(february, 1), 21U);
  EXPECT_EQ(digests.find(january, 2), std::nullopt);
  EXPECT_EQ(digests.find(march, 1), std::nullopt);
  EXPECT_TRUE(digests.has(january));
  EXPECT_FALSE(digests.has(march));
}

TEST(CoarseDigests, own_ones_stay_when_others_are_taken_up) {
  CoarseDigests digests({{january, 0, 1}, {march, 0, 3}});
  digests.merge(CoarseDigests({{january, 0, 9}, {february, 0, 2}}));
  EXPECT_EQ(digests.find(january, 0), 1U);
  EXPECT_EQ(digests.find(february, 0), 2U);
  digests.keep([](Month month) { return month != january; });
  EXPECT_FALSE(digests.has(january));
  EXPECT_EQ(digests.entries().size(), 2U);
}

TEST(CoarseDigests, are_read_as_they_were_written) {
  const CoarseDigests digests({{january, 0, 0xFEDCBA9876543210U}, {february, 7, 1}});
  const nlohmann::json json = digests.by_key();
  EXPECT_EQ(json,
            nlohmann::json({{"1836-01", "fedcba9876543210"}, {"1836-02/007", "0000000000000001"}}));
  const CoarseDigests again(json);
  EXPECT_EQ(again.find(january, 0), 0xFEDCBA9876543210U);
  EXPECT_EQ(again.find(february, 7), 1U);
}

TEST(CoarseDigests, know_the_long_ones_of_earlier_archives) {
  const CoarseMonth coarse{Array<float, 3>({1, 2, 3}), {}};
  const CoarseDigests long_ones(
      nlohmann::json{{"1836-01", text_of(digest_of(coarse)) + std::string(48, 'f')}});
  EXPECT_EQ(long_ones.find(january, 0), digest_of(coarse));
}

TEST(CoarseDigests, refuse_what_is_no_month) {
  EXPECT_THROW(CoarseDigests(nlohmann::json{{"January", "0"}}), InputError);
}

}  // namespace
}  // namespace hindscale
