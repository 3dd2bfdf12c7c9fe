// SPDX-License-Identifier: Apache-2.0
// Climatologies against direct sums over the training years, and the description of a store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hindscale/core/error.hpp"
#include "synthetic_store.hpp"

namespace hindscale {
namespace {

using test::n_cells;
using test::SyntheticStore;

/// Mean over the training years of calendar month `m`, NaN left out.
template <class Fields>
std::vector<float> training_mean(std::size_t m, std::size_t n, Fields&& fields) {
  std::vector<double> sum(n, 0.0), count(n, 0.0);
  for (std::size_t year = 0; year < 3; ++year) {
    const std::vector<double> values = fields(year * 12 + m);
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isnan(values[i])) continue;
      sum[i] += values[i];
      count[i] += 1;
    }
  }
  std::vector<float> mean;
  for (std::size_t i = 0; i < n; ++i) mean.push_back(static_cast<float>(sum[i] / count[i]));
  return mean;
}

std::vector<double> doubles(const Array<float, 3>& field) {
  return {field.flat().begin(), field.flat().end()};
}

void expect_equal(const Array<float, 3>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_FLOAT_EQ(found.flat()[i], expected[i]);
}

TEST(Climatology, is_the_mean_of_the_training_years_that_have_data) {
  const SyntheticStore samples({.missing_month = 17, .windows = {}});
  for (std::size_t m = 0; m < 12; ++m) {
    expect_equal(
        samples.field(store::fine_climatology, m, test::fine_shape),
        training_mean(m, 2 * n_cells, [&](std::size_t t) { return doubles(samples.fine(t)); }));
    expect_equal(
        samples.field(store::coarse_climatology, m, test::coarse_shape),
        training_mean(m, 2 * 48, [&](std::size_t t) { return doubles(samples.coarse(t)); }));
    const auto lerp_error = [&](std::size_t t) {
      std::vector<double> error = doubles(samples.lerp(samples.coarse(t)));
      const Array<float, 3> truth = samples.fine(t);
      for (std::size_t i = 0; i < error.size(); ++i)
        error[i] -= static_cast<double>(truth.flat()[i]);
      return error;
    };
    expect_equal(samples.field(store::lerp_bias, m, test::fine_shape),
                 training_mean(m, 2 * n_cells, lerp_error));
  }
}

TEST(Climatology, range_is_that_of_the_training_values) {
  const SyntheticStore samples({.windows = {}});
  std::vector<double> expected;
  for (std::size_t v = 0; v < 2; ++v) {
    double least = 1e9, greatest = -1e9;
    for (std::size_t t = 0; t < 36; ++t) {
      const Array<float, 3> fine = samples.fine(t);
      for (const float value : fine.view()[v].flat()) {
        least = std::min(least, static_cast<double>(value));
        greatest = std::max(greatest, static_cast<double>(value));
      }
    }
    expected.insert(expected.end(), {least, greatest});
  }
  EXPECT_EQ(samples.reader.read_whole(store::range), expected);
}

TEST(Climatology, a_value_missing_in_any_month_is_not_valid) {
  for (const std::optional<std::size_t> month : {std::optional<std::size_t>{}, {5}, {59}}) {
    const SyntheticStore samples({.missing_month = month, .windows = {}});
    EXPECT_EQ(samples.content.has_missing, month.has_value());
    const std::vector<double> valid = samples.reader.read_whole(store::valid);
    for (std::size_t i = 0; i < valid.size(); ++i) {
      EXPECT_EQ(valid[i], month && i == test::missing_value ? 0 : 1);
    }
  }
}

TEST(StoreContent, what_is_written_is_read) {
  const SyntheticStore samples({.derived = false, .missing_month = 3, .windows = {3}});
  const StoreContent read = read_content(samples.reader), &written = samples.content;
  EXPECT_EQ(read.variables, written.variables);
  EXPECT_EQ(read.units, written.units);
  EXPECT_EQ(read.transforms, written.transforms);
  EXPECT_EQ(read.months, written.months);
  for (const auto period : {&StoreContent::train, &StoreContent::validation, &StoreContent::test}) {
    EXPECT_EQ((read.*period).first_year, (written.*period).first_year);
    EXPECT_EQ((read.*period).last_year, (written.*period).last_year);
  }
  for (const auto grid : {&StoreContent::fine, &StoreContent::coarse}) {
    EXPECT_EQ((read.*grid).latitude.centre, (written.*grid).latitude.centre);
    EXPECT_EQ((read.*grid).latitude.edge, (written.*grid).latitude.edge);
    EXPECT_EQ((read.*grid).longitude.centre, (written.*grid).longitude.centre);
    EXPECT_EQ((read.*grid).longitude.edge, (written.*grid).longitude.edge);
    EXPECT_TRUE((read.*grid).periodic);
  }
  EXPECT_FALSE(read.coarse_derived);
  EXPECT_TRUE(read.has_missing);
  EXPECT_EQ(read.ridge, (RegressionFit{.window = 3, .penalty = 0.1}));
  EXPECT_EQ(read.local_ridge, written.local_ridge);
  EXPECT_TRUE(read.local_ridge);
}

TEST(StoreContent, years_left_out_are_not_learnt_but_validated) {
  StoreContent content = test::content_of({});
  EXPECT_EQ(content.months_to_learn(), content.positions(content.train));
  EXPECT_EQ(content.months_to_validate(), content.positions(content.validation));
  content.left_out = years_of_fold(content.train, 2, 1);
  EXPECT_THAT(content.left_out, ::testing::ElementsAre(2000, 2002));
  EXPECT_THAT(years_of_fold(content.train, 2, 2), ::testing::ElementsAre(2001));
  EXPECT_EQ(content.months_to_learn(), content.positions({2001, 2001}));
  EXPECT_THAT(content.months_to_validate(), ::testing::SizeIs(24));
  EXPECT_EQ(content.months_to_validate().front(), 0U);
  EXPECT_EQ(content.months_to_validate().back(), 35U);
}

TEST(StoreContent, positions_are_those_of_whole_years_and_unknown_months_are_named) {
  StoreContent content = test::content_of({});
  EXPECT_THAT(content.positions(content.validation), ::testing::SizeIs(12));
  EXPECT_EQ(content.positions(content.validation).front(), 36U);
  EXPECT_EQ(content.position_of(Month(2003, 2)), 37U);
  content.months.erase(content.months.begin() + 37);
  for (const Month month : {Month(2003, 2), Month(1999, 12), Month(2005, 1)}) {
    try {
      static_cast<void>(content.position_of(month));
      FAIL() << "no error";
    } catch (const InputError& error) {
      EXPECT_EQ(error.facts().value, month.to_string());
    }
  }
}

}  // namespace
}  // namespace hindscale
