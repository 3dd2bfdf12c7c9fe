// SPDX-License-Identifier: Apache-2.0
// What the network sees of training months: nothing of their own truth.
#include <gtest/gtest.h>

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

TEST(Conditioning, a_training_month_sees_the_means_of_the_other_years) {
  const SyntheticStore samples({});
  const Conditioning conditioning(samples.reader, samples.content,
                                  options_of("residual", "lerp_corrected", "variable"));
  const Sample sample = conditioning.sample(samples.reader, training_month);
  const Array<float, 3> lerp = samples.lerp(samples.coarse(training_month));
  Array<float, 3> climatology(test::fine_shape), base = lerp;
  for (const std::size_t t : {training_month - 12, training_month + 12}) {
    const Array<float, 3> other = samples.lerp(samples.coarse(t)), truth = samples.fine(t);
    for (std::size_t i = 0; i < other.size(); ++i) {
      climatology.flat()[i] += other.flat()[i] / 2;
      base.flat()[i] -= (other.flat()[i] - truth.flat()[i]) / 2;
    }
  }
  for (std::size_t v = 0; v < test::n_variables; ++v) {
    const double unit = conditioning.normalisation().at("anomaly")(v, 0, 0);
    for (std::size_t i = 0; i < n_cells; ++i) {
      const double anomaly = lerp.view()[v].data()[i] - climatology.view()[v].data()[i];
      ASSERT_NEAR(sample.condition.view()[4 + v].data()[i], anomaly / unit, rounding);
    }
  }
  Array<float, 3> field = sample.target;
  conditioning.to_physical(samples.coarse(training_month), base, field);
  expect_near(field, samples.fine(training_month), rounding);
}

TEST(Conditioning, nothing_a_training_month_sees_tells_of_its_own_truth) {
  for (const std::int64_t harmonics : {0, 1}) {
    const SyntheticStore calm({.derived = false, .harmonics = {harmonics}});
    const SyntheticStore noisy(
        {.derived = false, .first_year_noise = 0.5F, .harmonics = {harmonics}});
    ASSERT_EQ(calm.content.local_ridge, noisy.content.local_ridge);
    for_each_option([&](const ConditioningOptions& options) {
      const Conditioning of_calm(calm.reader, calm.content, options);
      const Conditioning of_noisy(noisy.reader, noisy.content, options, of_calm.normalisation());
      for (std::size_t t = 0; t < 12; ++t) {
        const MonthInputs a = of_calm.stored_inputs(calm.reader, t),
                          b = of_noisy.stored_inputs(noisy.reader, t);
        expect_near(a.condition, b.condition, 10 * rounding);  // the noise is 0.5
        expect_near(a.base, b.base, rounding);
      }
    });
  }
}

TEST(Conditioning, a_smooth_cycle_is_what_anomalies_count_from_in_every_month) {
  SyntheticStore samples({.derived = false, .harmonics = {1}});
  ASSERT_EQ(samples.content.local_ridge->harmonics, 1);
  const Conditioning conditioning(samples.reader, samples.content,
                                  options_of("residual", "local_ridge", "variable"));
  for (const std::size_t t : {training_month, validation_month}) {
    const MonthInputs inputs = conditioning.stored_inputs(samples.reader, t);
    const Array<float, 3> lerp = samples.lerp(samples.coarse(t)),
                          cycle = samples.lerp(samples.field(store::local_ridge.coarse_climatology,
                                                             t % 12, test::coarse_shape));
    for (std::size_t i = 0; i < lerp.size(); ++i) {
      const std::size_t v = i / n_cells;
      const double anomaly = lerp.flat()[i] - cycle.flat()[i];
      const double correction = inputs.base.flat()[i] - lerp.flat()[i];
      const double unit = conditioning.normalisation().at("anomaly")(v, 0, 0),
                   scale = conditioning.normalisation().at("scale").flat()[i];
      ASSERT_NEAR(inputs.condition.view()[4 + v].data()[i % n_cells], anomaly / unit, rounding);
      ASSERT_NEAR(inputs.condition.view()[6 + v].data()[i % n_cells], correction / scale / 1.5,
                  10 * rounding);
    }
  }
}

}  // namespace
}  // namespace hindscale
