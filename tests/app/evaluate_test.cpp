// SPDX-License-Identifier: Apache-2.0
// The stage `evaluate` on an experiment whose scores are known in closed form.
#include <gtest/gtest.h>
#include <netcdf.h>

#include <cmath>
#include <memory>
#include <numbers>

#include "evaluate_experiment.hpp"

namespace hindscale::test {
namespace {

constexpr double single_precision = 2e-6;  // fields are floats of order ten, errors of order one

using Json = nlohmann::json;
namespace fs = std::filesystem;

/// The scores of one run, for all tests to look at.
class KnownScores : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    stage = std::make_unique<EvaluateStage>();
    scores = stage->run();
  }
  static void TearDownTestSuite() { stage.reset(); }

  static std::unique_ptr<EvaluateStage> stage;
  static Json scores;
};
std::unique_ptr<EvaluateStage> KnownScores::stage;
Json KnownScores::scores;

void expect_entry(const Json& entry, double value) {
  for (const char* key : {"value", "low", "high"}) {
    ASSERT_TRUE(entry.at(key).is_number()) << key;
    EXPECT_NEAR(entry.at(key).get<double>(), value,
                single_precision * std::max(1.0, std::abs(value)))
        << key;
  }
}

void expect_null(const Json& entry) {
  EXPECT_EQ(entry, Json({{"value", nullptr}, {"low", nullptr}, {"high", nullptr}}));
}

std::vector<float> map_of(const fs::path& path, const char* name) {
  int file = 0;
  int variable = 0;
  std::vector<float> values(12 * 24);
  EXPECT_EQ(nc_open(path.c_str(), NC_NOWRITE, &file), NC_NOERR);
  EXPECT_EQ(nc_inq_varid(file, name, &variable), NC_NOERR);
  EXPECT_EQ(nc_get_var_float(file, variable, values.data()), NC_NOERR);
  EXPECT_EQ(nc_close(file), NC_NOERR);
  return values;
}

/// CRPS of a normal forecast (Gneiting et al. 2005, equation 5).
double gaussian(double error, double deviation) {
  const double z = -error / deviation;
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  const double cumulative = std::erfc(-z / std::numbers::sqrt2) / 2;
  return deviation * (z * (2 * cumulative - 1) + 2 * density - 1 / std::sqrt(std::numbers::pi));
}

TEST_F(KnownScores, deterministic_scores_of_constant_errors_are_exact) {
  EXPECT_EQ(scores.at("period"), Json({"2001-01", "2001-12"}));
  EXPECT_EQ(scores.at("members"), 4);
  for (const char* variable : {"uas", "vas"}) {
    SCOPED_TRACE(variable);
    const Json& entry = scores.at("variables").at(variable);
    EXPECT_EQ(entry.at("units"), "m s-1");
    const double range = entry.at("range");
    const auto check = [&](const char* method, double error) {
      SCOPED_TRACE(method);
      const Json& values = entry.at("methods").at(method);
      expect_entry(values.at("rmse"), std::abs(error));
      expect_entry(values.at("mae"), std::abs(error));
      expect_entry(values.at("bias"), error);
      expect_entry(values.at("psnr"), 20 * std::log10(range / std::abs(error)));
      expect_entry(values.at("acc"), 1);
      EXPECT_TRUE(values.at("ssim").at("value").is_number());
    };
    check("lerp", lerp_error);
    check("lerp_corrected", corrected_error);
    check("ridge", ridge_error);
    check("member", member_errors[0]);
    check("ensemble", 0.125);
    expect_null(entry.at("methods").at("climatology").at("acc"));
  }
}

TEST_F(KnownScores, probabilistic_scores_of_symmetric_members_are_exact) {
  const Json& ensemble = scores.at("variables").at("uas").at("methods").at("ensemble");
  const double variance = (0.75 * 0.75 + 0.25 * 0.25) * 2 / 3;
  expect_entry(ensemble.at("crps"), 0.5 - 5.0 / 12);
  expect_entry(ensemble.at("spread"), std::sqrt(variance));
  expect_entry(ensemble.at("spread_skill"), std::sqrt(1.25 * variance) / 0.125);
  expect_entry(ensemble.at("reliability_index"), 0.8 + 4 * 0.2);
  EXPECT_EQ(ensemble.at("rank_histogram"), Json({0.0, 0.0, 1.0, 0.0, 0.0}));
  const Json& sizes = ensemble.at("by_members");
  EXPECT_EQ(sizes.size(), 3U);
  expect_entry(sizes.at("1").at("rmse"), 0.875);
  expect_null(sizes.at("1").at("crps"));
  expect_null(sizes.at("1").at("spread_skill"));
  expect_entry(sizes.at("2").at("rmse"), 0.375);
  expect_entry(sizes.at("2").at("crps"), 0);
  expect_entry(sizes.at("2").at("spread_skill"), std::sqrt(1.5 * 0.5) / 0.375);
  expect_entry(sizes.at("2").at("bias"), 0.375);
  expect_entry(sizes.at("4").at("rmse"), 0.125);
  const Json& whole = scores.at("variables").at("uas").at("methods").at("ensemble");
  for (const char* score : {"rmse", "mae", "bias", "acc", "ssim", "psnr"})
    EXPECT_EQ(sizes.at("4").at(score), whole.at(score)) << score;
  const Json& ridge = scores.at("variables").at("uas").at("methods").at("ridge");
  expect_entry(ridge.at("crps"), gaussian(ridge_error, ridge_spread));
  expect_entry(ridge.at("spread_skill"), 2);
}

TEST_F(KnownScores, differences_to_the_baselines_are_paired) {
  const Json& against = scores.at("variables").at("uas").at("methods").at("ensemble").at("against");
  expect_entry(against.at("lerp").at("rmse"), 0.125 - 0.5);
  EXPECT_EQ(against.at("lerp").at("rmse").at("significant"), true);
  EXPECT_NEAR(against.at("lerp").at("rmse").at("ratio").get<double>(), 0.25, single_precision);
  expect_entry(against.at("lerp").at("crps"), 0.5 - 5.0 / 12 - 0.5);
  expect_entry(against.at("ridge").at("crps"),
               0.5 - 5.0 / 12 - gaussian(ridge_error, ridge_spread));
  EXPECT_EQ(against.size(), 5U);
}

/// Mean of 3 x 3 fine cells of 15 degrees against the coarse field, over the year; the coarse cell
/// with a missing value left out. `of(month)` is a field of the first variable.
template <class Field>
double consistency_of(const SyntheticExperiment& experiment, Field&& of) {
  const Grid& grid = experiment.content.fine;
  const Array<double, 2> areas = cell_areas(grid);
  double squares = 0, weight = 0;
  for (int month = 1; month <= 12; ++month) {
    const auto field = of(Month(2001, month));
    const auto coarse = SyntheticExperiment::coarse_field(0, Month(2001, month));
    for (std::size_t i = 0; i < coarse.size(); ++i) {
      double sum = 0, area = 0;
      for (std::size_t k = 0; k < 9; ++k) {
        const std::size_t y = i / 8 * 3 + k / 3, x = i % 8 * 3 + k % 3;
        sum += areas(y, x) * static_cast<double>(field(y, x));
        area += areas(y, x);
      }
      const double difference = sum / area - static_cast<double>(coarse.flat()[i]);
      if (std::isnan(difference)) continue;
      squares += area * difference * difference;
      weight += area;
    }
  }
  return std::sqrt(squares / weight);
}

TEST_F(KnownScores, consistency_is_the_distance_of_coarse_means_from_the_coarse_field) {
  const SyntheticExperiment& experiment = stage->experiment;
  const Json& methods = scores.at("variables").at("uas").at("methods");
  const auto expect = [&](const char* method, double value) {
    const Json& entry = methods.at(method).at("consistency");
    EXPECT_NEAR(entry.at("value").get<double>(), value, single_precision * 10) << method;
    EXPECT_LE(entry.at("low").get<double>(), value);
    EXPECT_GE(entry.at("high").get<double>(), value);
  };
  expect("lerp",
         consistency_of(experiment, [&](Month month) { return experiment.lerp(0, month); }));
  expect("member", consistency_of(experiment, [&](Month month) {
           return SyntheticExperiment::shifted(experiment.truth(0, month), member_errors[0]);
         }));
  expect("ensemble", consistency_of(experiment, [&](Month month) {
           return SyntheticExperiment::shifted(experiment.truth(0, month), 0.125F);
         }));
  expect_null(scores.at("variables").at("sfcWind").at("methods").at("member").at("consistency"));
}

TEST_F(KnownScores, wind_speed_is_formed_from_the_components_of_each_method) {
  const Array<double, 2> areas = cell_areas(stage->experiment.content.fine);
  const auto speed = [](float u, float v) {
    return std::sqrt(static_cast<double>(u) * u + static_cast<double>(v) * v);
  };
  double weight = 0, member = 0, mean = 0;
  for (int month = 1; month <= 12; ++month) {
    const Field u = stage->experiment.truth(0, Month(2001, month));
    const Field v = stage->experiment.truth(1, Month(2001, month));
    for (std::size_t i = 0; i < u.size(); ++i) {
      if (i == missing_cell) continue;
      const double truth = speed(u.data()[i], v.data()[i]);
      double of_mean = 0;
      for (const float error : member_errors)
        of_mean += speed(u.data()[i] + error, v.data()[i] + error) / 4;
      const double of_member =
          speed(u.data()[i] + member_errors[0], v.data()[i] + member_errors[0]);
      weight += areas.data()[i];
      member += areas.data()[i] * (of_member - truth) * (of_member - truth);
      mean += areas.data()[i] * (of_mean - truth) * (of_mean - truth);
    }
  }
  const Json& methods = scores.at("variables").at("sfcWind").at("methods");
  const auto rmse = [&](const char* method) {
    return methods.at(method).at("rmse").at("value").get<double>();
  };
  EXPECT_NEAR(rmse("member"), std::sqrt(member / weight), single_precision);
  EXPECT_NEAR(rmse("ensemble"), std::sqrt(mean / weight), single_precision);
  expect_null(methods.at("ridge").at("crps"));
}

TEST_F(KnownScores, constant_errors_change_neither_correlations_nor_waves) {
  const Json& pair = scores.at("correlations").at("uas,vas");
  for (const char* method : {"lerp", "ridge", "ensemble"}) {
    EXPECT_NEAR(pair.at(method).at("value").get<double>(),
                pair.at("truth").at("value").get<double>(), 1e-6);
  }
  const Json& spectra = scores.at("spectra").at("vas");
  EXPECT_EQ(spectra.at("kind"), "zonal");
  ASSERT_EQ(spectra.at("wavenumber").size(), 13U);
  for (std::size_t k = 1; k < 13; ++k) {
    for (const char* method : {"lerp", "member", "ensemble"}) {
      EXPECT_NEAR(spectra.at(method)[k].get<double>(), spectra.at("truth")[k].get<double>(), 1e-5);
    }
  }
}

TEST_F(KnownScores, power_of_the_training_years_stands_beside_that_of_the_months_scored) {
  const Json& spectra = scores.at("spectra").at("vas");
  const Json &training = spectra.at("training_truth"), &truth = spectra.at("truth");
  ASSERT_EQ(training.size(), 13U);
  EXPECT_GT(truth[1].get<double>(), 1);
  for (std::size_t k = 1; k < 13; ++k)
    EXPECT_NEAR(training[k].get<double>(), 4 * truth[k].get<double>(), 1e-4) << k;
}

TEST_F(KnownScores, maps_hold_the_errors_of_every_cell) {
  const fs::path path = stage->folder.path() / "scores.nc";
  const std::vector<std::pair<const char*, double>> known{
      {"uas_rmse_lerp", 0.5},
      {"uas_rmse_ridge", 0.25},
      {"uas_rmse_ensemble", 0.125},
      {"uas_spread_ensemble", std::sqrt(0.625 * 2 / 3)},
      {"uas_bias_ensemble", 0.125}};
  for (const auto& [name, value] : known) {
    SCOPED_TRACE(name);
    const std::vector<float> map = map_of(path, name);
    for (std::size_t i = 0; i < map.size(); ++i) {
      EXPECT_NEAR(map[i], i == missing_cell ? 1e20F : value, single_precision) << i;
    }
  }
  EXPECT_NEAR(map_of(path, "vas_rmse_lerp")[missing_cell], 0.5, single_precision);
}

}  // namespace
}  // namespace hindscale::test
