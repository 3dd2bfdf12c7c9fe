// SPDX-License-Identifier: Apache-2.0
// What the network sees beyond its patch and its month: the whole domain, and the month before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "hindscale/dataset/network_input.hpp"
#include "synthetic_store.hpp"

namespace hindscale {
namespace {

using test::SyntheticStore;
using ::testing::ElementsAre;

constexpr float rounding = 2e-5F;  // of values of about 5 after a few operations in float

ConditioningOptions options_of(bool context, bool previous_month, bool climatology = true) {
  ConditioningOptions options;
  options.model = ModelOptions();
  options.model.context = context;
  options.model.previous_month = previous_month;
  options.model.climatology = climatology;
  options.model.relief = options.model.mask = options.model.base = false;
  options.model.season = options.model.position = false;
  return options;
}

Array<float, 2> resized(const Array<float, 2>& image, std::size_t n_rows, std::size_t n_columns) {
  Array<float, 2> result({n_rows, n_columns});
  resize(image, result);
  return result;
}

Array<float, 2> ramp(std::size_t n_rows, std::size_t n_columns) {
  Array<float, 2> image({n_rows, n_columns});
  for (std::size_t y = 0; y < n_rows; ++y)
    for (std::size_t x = 0; x < n_columns; ++x)
      image(y, x) = static_cast<float>(10 * y) + static_cast<float>(x);
  return image;
}

TEST(Resize, to_the_same_shape_is_the_image) {
  const Array<float, 2> image = ramp(5, 7), same = resized(image, 5, 7);
  EXPECT_TRUE(std::ranges::equal(same.flat(), image.flat()));
}

TEST(Resize, to_a_finer_grid_interpolates_between_centres_and_holds_the_rim) {
  const Array<float, 2> fine = resized(ramp(1, 3), 1, 6);
  EXPECT_THAT(fine.flat(), ElementsAre(0.0F, 0.25F, 0.75F, 1.25F, 1.75F, 2.0F));
}

TEST(Resize, to_a_coarser_grid_takes_means_by_the_share_of_each_cell) {
  EXPECT_THAT(resized(ramp(1, 6), 1, 3).flat(), ElementsAre(0.5F, 2.5F, 4.5F));
  // Three cells on two: each gets one and a half.
  EXPECT_THAT(resized(ramp(1, 3), 1, 2).flat(),
              ElementsAre(testing::FloatEq(1.0F / 3), testing::FloatEq(5.0F / 3)));
  const Array<float, 2> image = ramp(13, 11), coarse = resized(image, 5, 4);
  const auto mean = [](const Array<float, 2>& field) {
    return std::accumulate(field.flat().begin(), field.flat().end(), 0.0) /
           static_cast<double>(field.size());
  };
  EXPECT_NEAR(mean(coarse), mean(image), 1e-5);
}

TEST(Resize, treats_each_axis_by_itself) {
  const Array<float, 2> mixed = resized(ramp(4, 2), 2, 4);  // rows shrink, columns grow
  EXPECT_THAT(mixed.flat(), ElementsAre(5.0F, 5.25F, 5.75F, 6.0F, 25.0F, 25.25F, 25.75F, 26.0F));
}

TEST(Context, is_the_normalised_coarse_field_of_the_whole_domain_for_every_window) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, options_of(true, false));
  EXPECT_THAT(conditioning.channel_names(),
              ElementsAre("uas_lerp", "pr_lerp", "uas_anomaly", "pr_anomaly", "uas_context",
                          "pr_context", "uas_context_anomaly", "pr_context_anomaly"));
  constexpr std::size_t month = 40;
  const Sample sample = conditioning.sample(samples.reader, month);
  ASSERT_EQ(n_input_channels(sample), conditioning.n_channels());
  const Window coarse_shaped{0, 0, test::n_coarse_rows, test::n_coarse_columns};
  const Shape<3> shape{8, test::n_coarse_rows, test::n_coarse_columns};
  Array<float, 3> input(shape), elsewhere(shape);
  assemble_input(sample, coarse_shaped, input);
  Window other = coarse_shaped;
  other.row = 4;
  other.column = 11;  // across the seam of the circle
  assemble_input(sample, other, elsewhere);
  const Array<float, 3> coarse = samples.coarse(month);
  Array<float, 4> climatology({12, 2, test::n_coarse_rows, test::n_coarse_columns});
  samples.reader.read(store::local_ridge.coarse_climatology, 0, 12, climatology.flat());
  const auto& lerp = conditioning.normalisation().at("lerp");
  const auto& anomaly = conditioning.normalisation().at("anomaly");
  for (std::size_t v = 0; v < 2; ++v) {
    for (std::size_t i = 0; i < coarse[v].size(); ++i) {
      const double value = coarse[v].data()[i], usual = climatology[month % 12][v].data()[i];
      ASSERT_NEAR(input[4 + v].data()[i], (value - lerp(v, 0, 0)) / lerp(v, 0, 1), rounding);
      ASSERT_NEAR(input[6 + v].data()[i], (value - usual) / anomaly(v, 0, 0), rounding);
      ASSERT_EQ(input[4 + v].data()[i], elsewhere[4 + v].data()[i]);
      ASSERT_EQ(input[6 + v].data()[i], elsewhere[6 + v].data()[i]);
    }
  }
  EXPECT_FALSE(std::ranges::equal(input[0].flat(), elsewhere[0].flat()));
}

TEST(Context, takes_the_shape_of_the_window_and_anomalies_only_where_they_are_channels) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, options_of(true, false, false));
  EXPECT_THAT(conditioning.channel_names(),
              ElementsAre("uas_lerp", "pr_lerp", "uas_context", "pr_context"));
  const Sample sample = conditioning.sample(samples.reader, 50);
  for (const Window& window : {Window{0, 0, 4, 4}, Window{2, 3, 8, 12}, Window{1, 1, 4, 4}}) {
    Array<float, 3> input({4, window.n_rows, window.n_columns});
    assemble_input(sample, window, input);
    Array<float, 2> expected({window.n_rows, window.n_columns});
    resize(sample.context.coarse()[1], expected);
    EXPECT_TRUE(std::ranges::equal(input[3].flat(), expected.flat()));
  }
}

/// Channels of the month before are this month's channels of the month before.
TEST(PreviousMonth, is_seen_as_that_month_sees_itself) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, options_of(false, true));
  EXPECT_THAT(conditioning.channel_names(),
              ElementsAre("uas_lerp", "pr_lerp", "uas_anomaly", "pr_anomaly", "uas_previous",
                          "pr_previous", "uas_previous_anomaly", "pr_previous_anomaly"));
  Array<float, 3> before = conditioning.sample(samples.reader, 0).condition;
  for (std::size_t t = 0; t < samples.content.months.size(); ++t) {
    const Array<float, 3> now = conditioning.sample(samples.reader, t).condition;
    for (std::size_t c = 0; c < 4; ++c) {  // the first month of all has none and sees its own
      // Outside training no year is left out: neither that of the last month of training.
      if (t == 36 && c >= 2) continue;
      for (std::size_t i = 0; i < test::n_cells; ++i)
        ASSERT_NEAR(now[4 + c].data()[i], before[c].data()[i], rounding) << t << " " << c;
    }
    before = now;
  }
}

TEST(PreviousMonth, of_any_source_gives_the_inputs_of_the_store) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, options_of(true, true));
  for (const std::size_t t : {std::size_t{36}, std::size_t{41}, std::size_t{59}}) {
    const Sample sample = conditioning.sample(samples.reader, t);
    const Month month = samples.content.months[t];
    const MonthInputs inputs = conditioning.inputs(month, samples.coarse(t), samples.coarse(t - 1));
    const MonthInputs alone = conditioning.inputs(month, samples.coarse(t));
    const Array<float, 3>& seen = inputs.condition;
    for (std::size_t i = 0; i < seen.size(); ++i)
      ASSERT_NEAR(seen.flat()[i], sample.condition.flat()[i], rounding) << i;
    EXPECT_TRUE(std::ranges::equal(inputs.context.coarse().flat(), sample.context.coarse().flat()));
    for (std::size_t c = 0; c < 4; ++c)
      EXPECT_TRUE(std::ranges::equal(alone.condition[4 + c].flat(), alone.condition[c].flat()));
    EXPECT_FALSE(std::ranges::equal(inputs.condition[4].flat(), alone.condition[4].flat()));
  }
}

TEST(PreviousMonth, is_that_of_the_calendar_not_the_one_stored_before) {
  const SyntheticStore samples({});
  StoreContent gap = samples.content;
  for (std::size_t t = 48; t < gap.months.size(); ++t) gap.months[t] = gap.months[t] + 12;
  gap.test = {2005, 2005};
  EXPECT_FALSE(gap.find(Month(2004, 12)).has_value());
  EXPECT_EQ(gap.find(Month(2005, 1)), 48U);
  EXPECT_TRUE(coarse_of_month_before(samples.reader, gap, Month(2005, 1)).empty());
  const Array<float, 3> before = coarse_of_month_before(samples.reader, gap, Month(2005, 2));
  EXPECT_TRUE(std::ranges::equal(before.flat(), samples.coarse(48).flat()));
}

TEST(Surroundings, add_nothing_unless_asked_for) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, options_of(false, false));
  const Sample sample = conditioning.sample(samples.reader, 3);
  EXPECT_EQ(sample.context.n_channels(), 0U);
  EXPECT_EQ(n_input_channels(sample), 4U);
  EXPECT_EQ(sample.condition.extent(0), 4U);
}

}  // namespace
}  // namespace hindscale
