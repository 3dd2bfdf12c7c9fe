// SPDX-License-Identifier: Apache-2.0
// What the network sees: names, inverses, weights, consistency.
#include "hindscale/dataset/conditioning.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

#include "conditioning_cases.hpp"

namespace hindscale {
namespace {

using test::expect_near;
using test::for_each_option;
using test::n_cells;
using test::options_of;
using test::rounding;
using test::SyntheticStore;
using test::training_month;
using test::validation_month;
using ::testing::ElementsAre;

std::string key_of_refusal(const SyntheticStore& samples, const StoreContent& content,
                           const ConditioningOptions& options) {
  try {
    const Conditioning conditioning(samples.reader, content, options);
  } catch (const InputError& error) {
    return error.facts().key;
  }
  return "accepted";
}

TEST(Conditioning, channels_are_those_the_options_name) {
  const SyntheticStore samples({});
  ConditioningOptions options = options_of("residual", "ridge", "cell");
  const Conditioning all(samples.reader, samples.content, options);
  EXPECT_THAT(
      all.channel_names(),
      ElementsAre("uas_lerp", "pr_lerp", "relief", "land_fraction", "uas_anomaly", "pr_anomaly",
                  "uas_correction", "pr_correction", "uas_log_scale", "pr_log_scale", "month_sin",
                  "month_cos", "latitude_sin", "longitude_sin", "longitude_cos"));
  options = options_of("residual", "lerp_corrected", "variable");
  options.model.season = options.model.mask = false;
  const Conditioning some(samples.reader, samples.content, options);
  EXPECT_THAT(some.channel_names(),
              ElementsAre("uas_lerp", "pr_lerp", "relief", "uas_anomaly", "pr_anomaly",
                          "latitude_sin", "longitude_sin", "longitude_cos"));
  options.model.relief = options.model.climatology = options.model.position = false;
  const Conditioning least(samples.reader, samples.content, options);
  EXPECT_THAT(least.channel_names(), ElementsAre("uas_lerp", "pr_lerp"));
  EXPECT_EQ(least.sample(samples.reader, 0).condition.extent(0), least.n_channels());
}

TEST(Conditioning, known_channels_have_their_known_values) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content, {});
  const auto condition = conditioning.sample(samples.reader, validation_month).condition;  // May
  constexpr double radian = std::numbers::pi / 180;
  for (std::size_t y = 0; y < test::n_rows; ++y) {
    for (std::size_t x = 0; x < test::n_columns; ++x) {
      const auto i = static_cast<double>(y * test::n_columns + x);
      EXPECT_NEAR(condition(2, y, x), i * 10 / 2000, 1e-6);
      EXPECT_NEAR(condition(3, y, x), i * 0.005, 1e-6);
      EXPECT_NEAR(condition(10, y, x), std::sin(std::numbers::pi * 4.5 / 6), 1e-6);
      EXPECT_NEAR(condition(11, y, x), std::cos(std::numbers::pi * 4.5 / 6), 1e-6);
      EXPECT_NEAR(condition(12, y, x), std::sin(radian * samples.content.fine.latitude.centre[y]),
                  1e-6);
      EXPECT_NEAR(condition(13, y, x), std::sin(radian * samples.content.fine.longitude.centre[x]),
                  1e-6);
      EXPECT_NEAR(condition(14, y, x), std::cos(radian * samples.content.fine.longitude.centre[x]),
                  1e-6);
    }
  }
}

TEST(Conditioning, to_physical_of_a_sample_is_the_truth) {
  for (const char* transform : {"identity", "log1p", "boxcox"}) {
    const SyntheticStore samples({.transforms = {"identity", transform}});
    const Array<float, 3> coarse = samples.coarse(validation_month);
    for_each_option([&](const ConditioningOptions& options) {
      const Conditioning conditioning(samples.reader, samples.content, options);
      const MonthInputs inputs =
          conditioning.inputs(samples.content.months[validation_month], coarse.view());
      Array<float, 3> field = conditioning.sample(samples.reader, validation_month).target;
      conditioning.to_physical(coarse, inputs.base, field);
      expect_near(field, samples.fine(validation_month), rounding);
    });
  }
}

TEST(Conditioning, inputs_of_a_month_outside_training_are_those_of_its_sample) {
  const SyntheticStore samples({});
  for_each_option([&](const ConditioningOptions& options) {
    const Conditioning conditioning(samples.reader, samples.content, options);
    for (const std::size_t t : {validation_month, std::size_t{59}}) {
      const MonthInputs inputs = conditioning.inputs(samples.content.months[t], samples.coarse(t));
      expect_near(inputs.condition, conditioning.sample(samples.reader, t).condition, rounding);
    }
  });
}

TEST(Conditioning, targets_of_the_training_months_have_unit_mean_square_and_fields_mean_zero) {
  const SyntheticStore samples({});
  const Array<double, 2> area = cell_areas(samples.content.fine);
  for (const char* target : {"field", "residual"}) {
    const Conditioning conditioning(samples.reader, samples.content,
                                    options_of(target, "ridge", "variable"));
    for (std::size_t v = 0; v < test::n_variables; ++v) {
      double sum = 0, square = 0, total = 0;
      for (std::size_t t = 0; t < 36; ++t) {
        const Sample sample = conditioning.sample(samples.reader, t);
        for (std::size_t i = 0; i < n_cells; ++i) {
          const auto value = static_cast<double>(sample.target.view()[v].data()[i]);
          sum += area.flat()[i] * value;
          square += area.flat()[i] * value * value;
          total += area.flat()[i];
        }
      }
      EXPECT_NEAR(square / total, 1, 1e-5);
      if (std::string(target) == "field") {
        EXPECT_NEAR(sum / total, 0, 1e-5);
      }
    }
  }
}

TEST(Conditioning, loss_weights_follow_the_area_with_mean_one_and_are_zero_where_missing) {
  const SyntheticStore samples({.missing_month = training_month});
  ConditioningOptions options = options_of("residual", "ridge", "cell");
  options.diffusion.area_weight = 0.5;
  const Conditioning conditioning(samples.reader, samples.content, options);
  const Array<double, 2> area = cell_areas(samples.content.fine);
  const double largest = *std::max_element(area.flat().begin(), area.flat().end());
  for (const std::size_t t : {training_month, training_month + 12, validation_month}) {
    const Sample sample = conditioning.sample(samples.reader, t);
    for (std::size_t v = 0; v < test::n_variables; ++v) {
      const auto weight = sample.weight.view()[v].flat();
      double sum = 0;
      for (const float value : weight) sum += static_cast<double>(value);
      EXPECT_NEAR(sum, static_cast<double>(v == 1 ? n_cells - 1 : n_cells), 1e-3);
      EXPECT_NEAR(weight[0] / weight[n_cells / 2], (0.5 + 0.5 * area(0, 0) / largest), 1e-5);
    }
    EXPECT_EQ(sample.weight.flat()[test::missing_value], 0);
    EXPECT_EQ(sample.target.flat()[test::missing_value], 0);
    for (const float value : sample.condition.flat()) ASSERT_FALSE(std::isnan(value));
  }
}

TEST(Conditioning, a_value_without_data_is_missing_in_the_output_and_only_there) {
  const SyntheticStore samples({.missing_month = training_month});
  const Conditioning conditioning(samples.reader, samples.content,
                                  options_of("residual", "ridge", "cell"));
  const Array<float, 3> coarse = samples.coarse(validation_month);
  const MonthInputs inputs = conditioning.inputs(samples.content.months[validation_month], coarse);
  Array<float, 3> field(test::fine_shape, 0.5F);
  conditioning.to_physical(coarse, inputs.base, field);
  for (std::size_t i = 0; i < field.size(); ++i) {
    EXPECT_EQ(std::isnan(field.flat()[i]), i == test::missing_value);
    EXPECT_EQ(conditioning.is_valid(i), i != test::missing_value);
  }
}

TEST(Conditioning, gaps_of_a_coarse_field_are_counted_and_stay_in_the_base_whatever_is_generated) {
  const SyntheticStore samples({});
  const Month month = samples.content.months[validation_month];
  for (const char* target : {"field", "residual"}) {
    const Conditioning conditioning(samples.reader, samples.content,
                                    options_of(target, "ridge", "cell"));
    Array<float, 3> coarse = samples.coarse(validation_month);
    EXPECT_EQ(conditioning.n_gaps(samples.reader, coarse), 0U);
    for (float& value : coarse.view()[1].flat()) value = std::nanf("");
    EXPECT_EQ(conditioning.n_gaps(samples.reader, coarse), coarse.view()[1].size());
    const MonthInputs inputs = conditioning.inputs(month, coarse);
    for (std::size_t i = 0; i < inputs.base.size(); ++i)
      ASSERT_EQ(std::isnan(inputs.base.flat()[i]), i >= n_cells) << target << " " << i;
  }
}

TEST(Conditioning, with_consistency_output_and_base_have_the_coarse_means) {
  const SyntheticStore samples({});
  const ConservativeRemap coarsen(samples.content.fine, samples.content.coarse);
  const Array<float, 3> coarse = samples.coarse(validation_month);
  for (const char* target : {"field", "residual"}) {
    const Conditioning conditioning(samples.reader, samples.content,
                                    options_of(target, "ridge", "cell", "enforce"));
    const MonthInputs inputs =
        conditioning.inputs(samples.content.months[validation_month], coarse);
    Array<float, 3> field(test::fine_shape), means(test::coarse_shape);
    for (std::size_t i = 0; i < field.size(); ++i) field.flat()[i] = 2 * test::noise(9, i);
    conditioning.to_physical(coarse, inputs.base, field);
    for (std::size_t v = 0; v < 2; ++v) coarsen.apply(field.view()[v], means.view()[v]);
    expect_near(means, coarse, rounding);
    Array<float, 3> own = conditioning.sample(samples.reader, validation_month).target;
    conditioning.to_physical(coarse, inputs.base, own);
    expect_near(own, samples.fine(validation_month), rounding);
    if (std::string(target) == "field") continue;
    for (std::size_t v = 0; v < 2; ++v) coarsen.apply(inputs.base.view()[v], means.view()[v]);
    expect_near(means, coarse, rounding);
  }
}

TEST(Conditioning, what_the_store_cannot_give_is_refused_by_its_key) {
  const SyntheticStore samples({});
  const ConditioningOptions options = options_of("residual", "ridge", "cell", "enforce");
  EXPECT_EQ(key_of_refusal(samples, samples.content, options), "accepted");
  StoreContent foreign = samples.content, holed = samples.content, plain = samples.content;
  foreign.coarse_derived = false;
  holed.has_missing = true;
  plain.ridge.reset();
  for (const StoreContent& content : {foreign, holed}) {
    EXPECT_EQ(key_of_refusal(samples, content, options), "diffusion/consistency");
    for (const char* choice : {"none", "report"})
      EXPECT_EQ(key_of_refusal(samples, content, options_of("residual", "ridge", "cell", choice)),
                "accepted");
  }
  EXPECT_EQ(key_of_refusal(samples, plain, options), "diffusion/base");
  plain.local_ridge.reset();
  EXPECT_EQ(key_of_refusal(samples, plain, options_of("residual", "local_ridge", "cell")),
            "diffusion/base");
}

TEST(Conditioning, the_normalisation_of_a_checkpoint_gives_the_same_samples) {
  const SyntheticStore samples({});
  const ConditioningOptions options = options_of("residual", "ridge", "cell");
  const Conditioning fitted(samples.reader, samples.content, options);
  Normalisation normalisation = fitted.normalisation();
  const Conditioning taken(samples.reader, samples.content, options, normalisation);
  const Sample a = fitted.sample(samples.reader, 3), b = taken.sample(samples.reader, 3);
  expect_near(a.condition, b.condition, 0);
  expect_near(a.target, b.target, 0);
  normalisation["scale"] = Array<double, 3>({2, 3, 4});
  EXPECT_THROW(Conditioning(samples.reader, samples.content, options, normalisation), InputError);
}

}  // namespace
}  // namespace hindscale
