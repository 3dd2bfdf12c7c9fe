// SPDX-License-Identifier: Apache-2.0
// The cache of samples: least recently used goes first, what is made again is the same.
#include "hindscale/dataset/sample_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "hindscale/core/units.hpp"
#include "synthetic_store.hpp"

namespace hindscale {
namespace {

void expect_equal(const Array<float, 3>& a, const Array<float, 3>& b) {
  EXPECT_TRUE(std::equal(a.flat().begin(), a.flat().end(), b.flat().begin(), b.flat().end()));
}

TEST(SampleCache, drops_the_least_recently_used_at_the_limit_and_makes_the_same_again) {
  const test::SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, {});
  const Sample one = conditioning.sample(samples.reader, 1);
  const auto bytes =
      static_cast<double>(4 * (one.condition.size() + one.target.size() + one.weight.size()));
  SampleCache cache(samples.reader, conditioning, 2.5 * bytes / mib);
  const std::weak_ptr<const Sample> zeroth = cache.get(0), first = cache.get(1);
  EXPECT_EQ(cache.get(0), zeroth.lock());
  const std::weak_ptr<const Sample> second = cache.get(2);
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(zeroth.expired());
  EXPECT_EQ(cache.get(2), second.lock());
  const std::shared_ptr<const Sample> again = cache.get(1);
  EXPECT_TRUE(zeroth.expired());
  expect_equal(again->condition, one.condition);
  expect_equal(again->target, one.target);
  expect_equal(again->weight, one.weight);
}

TEST(SampleCache, gives_samples_even_where_none_fits) {
  const test::SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, {});
  SampleCache cache(samples.reader, conditioning, 0);
  const std::weak_ptr<const Sample> first = cache.get(0);
  EXPECT_EQ(cache.get(3)->target.shape(), test::fine_shape);
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace hindscale
