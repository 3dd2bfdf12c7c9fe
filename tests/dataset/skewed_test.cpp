// SPDX-License-Identifier: Apache-2.0
// Precipitation that is skewed, often zero and in some cells always: from the store to fields.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "hindscale/dataset/conditioning.hpp"
#include "synthetic_store.hpp"

namespace hindscale {
namespace {

using test::n_cells;
using test::SyntheticStore;

constexpr std::size_t training_month = 13;
constexpr std::size_t validation_month = 40;
constexpr std::size_t n_dry = 5;        // cells in the south-west that are never wet
constexpr std::size_t n_training = 36;  // months

/// Values of 3 to 7 become precipitation in kg m-2 s-1, fifty times as much after the training.
float skewed(std::size_t month, std::size_t i, float value) {
  if (i < n_cells) return value;  // the first variable is wind
  if (i % n_cells < n_dry || value < 4.5F) return 0;
  return (month >= n_training ? 50.0F : 1.0F) * 1e-5F * std::exp(2 * (value - 4.5F));
}

test::Recipe skewed_recipe(const std::string& transform) {
  test::Recipe recipe;
  recipe.transforms = {"identity", transform};
  recipe.shape = skewed;
  return recipe;
}

/// Area-weighted mean of a function of precipitation over cells and training months.
double training_mean(const SyntheticStore& samples, const std::function<double(double)>& of) {
  const Array<double, 2> area = cell_areas(samples.content.fine);
  double sum = 0, weight = 0;
  for (std::size_t t = 0; t < n_training; ++t) {
    const Array<float, 3> fine = samples.fine(t);
    for (std::size_t i = 0; i < n_cells; ++i) {
      sum += area.flat()[i] * of(static_cast<double>(fine.flat()[n_cells + i]));
      weight += area.flat()[i];
    }
  }
  return sum / weight;
}

TEST(Skewed, statistics_are_those_of_the_training_years) {
  const SyntheticStore boxcox(skewed_recipe("boxcox")), minmax(skewed_recipe("minmax"));
  const double mean = training_mean(boxcox, [](double x) { return x; });
  const TransformParameters power = boxcox.content.transform_parameters[1];
  EXPECT_NEAR(power.unit / mean, 1, 1e-6);
  EXPECT_EQ(power.offset, 0.01);
  EXPECT_GE(power.lambda, 0);
  EXPECT_LT(power.lambda, 0.5);
  const double deviation =
      std::sqrt(training_mean(boxcox, [&](double x) { return (x - mean) * (x - mean); }));
  EXPECT_NEAR(minmax.content.transform_parameters[1].unit / deviation, 1, 1e-6);
  std::vector<float> lowest(n_cells, HUGE_VALF), highest(n_cells, -HUGE_VALF);
  for (std::size_t t = 0; t < n_training; ++t) {
    const Array<float, 3> fine = minmax.fine(t);
    for (std::size_t i = 0; i < n_cells; ++i) {
      lowest[i] = std::min(lowest[i], fine.flat()[n_cells + i]);
      highest[i] = std::max(highest[i], fine.flat()[n_cells + i]);
    }
  }
  Array<float, 3> read(test::fine_shape);
  for (const auto& [name, expected] :
       {std::pair{store::cell_least, lowest}, std::pair{store::cell_greatest, highest}}) {
    minmax.reader.read(name, 0, 2, read.flat());
    for (std::size_t i = 0; i < n_cells; ++i)
      ASSERT_EQ(read.flat()[n_cells + i], expected[i]) << name << " " << i;
  }
}

TEST(Skewed, the_store_states_the_numbers_of_its_transforms) {
  const SyntheticStore samples(skewed_recipe("boxcox"));
  const StoreContent read = read_content(samples.reader);
  EXPECT_EQ(read.transforms, samples.content.transforms);
  EXPECT_EQ(read.transform_parameters, samples.content.transform_parameters);
}

TEST(Skewed, a_given_lambda_is_taken_and_negative_values_are_refused) {
  const Communicator comm = Communicator::self();
  const test::TemporaryFolder folder(comm);
  test::Recipe recipe = skewed_recipe("boxcox");
  StoreContent content = test::content_of(recipe);
  StoreWriter writer(comm, folder.path() / "samples.h5");
  test::write_months(comm, writer, recipe, content);
  writer.flush();
  DatasetOptions options;
  options.boxcox_lambda = {1, 0.25};
  options.boxcox_offset = 0.5;
  fit_transforms(comm, writer, content, options);
  EXPECT_EQ(content.transform_parameters[1].lambda, 0.25);
  EXPECT_EQ(content.transform_parameters[1].offset, 0.5);
  recipe.shape = [](std::size_t, std::size_t, float value) { return value - 5; };
  for (const char* transform : {"log1p", "boxcox"}) {
    recipe.transforms = {"identity", transform};
    try {
      const SyntheticStore refused(recipe);
      ADD_FAILURE() << "accepted";
    } catch (const InputError& error) {
      EXPECT_EQ(error.facts().key, "dataset/transforms");
      EXPECT_EQ(error.facts().value, transform);
      EXPECT_NE(error.facts().why.find("pr"), std::string::npos);
    }
  }
}

TEST(Skewed, every_choice_gives_the_truth_back_from_its_own_sample) {
  for (const char* transform : {"identity", "log1p", "boxcox", "minmax"}) {
    const SyntheticStore samples(skewed_recipe(transform));
    const double unit = training_mean(samples, [](double x) { return x; });
    for (const char* target : {"field", "residual"}) {
      for (const char* consistency : {"none", "enforce"}) {
        SCOPED_TRACE(std::string(transform) + " " + target + " " + consistency);
        ConditioningOptions options;
        options.diffusion.target = target;
        options.diffusion.base = "lerp";  // the same for a sample and for the inputs of its month
        options.diffusion.consistency = consistency;
        const Conditioning conditioning(samples.reader, samples.content, options);
        const Array<float, 3> coarse = samples.coarse(training_month),
                              truth = samples.fine(training_month);
        const MonthInputs inputs =
            conditioning.inputs(samples.content.months[training_month], coarse);
        Array<float, 3> field = conditioning.sample(samples.reader, training_month).target;
        conditioning.to_physical(coarse, inputs.base, field);
        for (std::size_t i = n_cells; i < truth.size(); ++i) {
          const auto value = static_cast<double>(truth.flat()[i]);
          ASSERT_GE(field.flat()[i], 0);
          ASSERT_NEAR(field.flat()[i], value, 4e-6 * (value + unit)) << i - n_cells;
        }
      }
    }
  }
}

TEST(Skewed, enforced_means_hold_and_no_sample_is_negative) {
  for (const char* transform : {"identity", "log1p", "boxcox", "minmax"}) {
    const SyntheticStore samples(skewed_recipe(transform));
    const ConservativeRemap coarsen(samples.content.fine, samples.content.coarse);
    for (const char* target : {"field", "residual"}) {
      SCOPED_TRACE(std::string(transform) + " " + target);
      ConditioningOptions options;
      options.diffusion.target = target;
      options.diffusion.consistency = "enforce";
      const Conditioning conditioning(samples.reader, samples.content, options);
      for (const std::size_t t : {training_month, validation_month}) {
        const Array<float, 3> coarse = samples.coarse(t);
        const MonthInputs inputs = conditioning.inputs(samples.content.months[t], coarse);
        for (const float value : inputs.condition.flat()) ASSERT_LT(std::abs(value), 1e3F);
        Array<float, 3> field(test::fine_shape), means(test::coarse_shape);
        for (std::size_t i = 0; i < field.size(); ++i) field.flat()[i] = 2 * test::noise(9, i);
        conditioning.to_physical(coarse, inputs.base, field);
        for (std::size_t i = n_cells; i < field.size(); ++i) ASSERT_GE(field.flat()[i], 0);
        coarsen.apply(field.view()[1], means.view()[1]);
        for (std::size_t i = 0; i < means.view()[1].size(); ++i) {
          const auto wanted = static_cast<double>(coarse.view()[1].data()[i]);
          ASSERT_NEAR(means.view()[1].data()[i], wanted, 1e-6 * wanted);
        }
      }
    }
  }
}

TEST(Skewed, without_consistency_no_sample_is_negative_either) {
  const SyntheticStore samples(skewed_recipe("identity"));
  ConditioningOptions options;
  options.diffusion.consistency = "none";
  const Conditioning conditioning(samples.reader, samples.content, options);
  const Array<float, 3> coarse = samples.coarse(validation_month);
  const MonthInputs inputs = conditioning.inputs(samples.content.months[validation_month], coarse);
  Array<float, 3> field(test::fine_shape, -3.0F);
  conditioning.to_physical(coarse, inputs.base, field);
  for (std::size_t i = n_cells; i < field.size(); ++i) ASSERT_GE(field.flat()[i], 0);
}

TEST(Skewed, a_checkpoint_carries_its_transforms) {
  for (const char* transform : {"boxcox", "minmax"}) {
    const SyntheticStore samples(skewed_recipe(transform));
    const Conditioning fitted(samples.reader, samples.content, {});
    StoreContent other = samples.content;  // as of a store prepared from other training years
    other.transform_parameters[1] = {2, 7, 1};
    const Conditioning taken(samples.reader, other, {}, fitted.normalisation());
    const Sample a = fitted.sample(samples.reader, 3), b = taken.sample(samples.reader, 3);
    for (std::size_t i = 0; i < a.target.size(); ++i)
      ASSERT_EQ(a.target.flat()[i], b.target.flat()[i]);
    Normalisation without = fitted.normalisation();
    without.erase(std::string(transform) == "boxcox" ? "power" : "width");
    EXPECT_THROW(Conditioning(samples.reader, other, {}, without), InputError);
  }
}

}  // namespace
}  // namespace hindscale
