// SPDX-License-Identifier: Apache-2.0
// The stage `evaluate` on an experiment whose scores are known in closed form.
#include <gtest/gtest.h>
#include <netcdf.h>

#include <cmath>
#include <cstring>
#include <numbers>

#include "../../src/app/evaluate_fields.hpp"
#include "evaluate_experiment.hpp"
#include "hindscale/app/stages.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {
namespace {

constexpr double single_precision = 2e-6;  // fields are floats of order ten, errors of order one

using Json = nlohmann::json;
namespace fs = std::filesystem;

class Evaluate : public ::testing::Test {
 protected:
  Json run() {
    EXPECT_EQ(run_evaluate(context, experiment.options), ExitCode::done);
    barrier(context.comm);
    return Json::parse(read_text(experiment.options.evaluation_path() / "scores.json"));
  }
  /// The message of the InputError that the stage ends in.
  std::string refusal() {
    try {
      run_evaluate(context, experiment.options);
    } catch (const InputError& error) {
      barrier(context.comm);
      return error.what();
    }
    return "no error";
  }
  void reconstruct(const std::vector<SyntheticExperiment::Months>& blocks,
                   bool with_members = true) {
    if (context.comm.is_root()) experiment.write_reconstruction(blocks, with_members);
    barrier(context.comm);
  }

  Context context{Communicator::world(), Log(Log::Voice::quiet), {}, 7};
  TemporaryFolder folder{context.comm};
  SyntheticExperiment experiment{context.comm, folder.path()};
};

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

TEST_F(Evaluate, deterministic_scores_of_constant_errors_are_exact) {
  const Json scores = run();
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

TEST_F(Evaluate, probabilistic_scores_of_symmetric_members_are_exact) {
  const Json scores = run();
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
  expect_entry(sizes.at("4").at("rmse"), 0.125);
  const Json& ridge = scores.at("variables").at("uas").at("methods").at("ridge");
  expect_entry(ridge.at("crps"), gaussian(ridge_error, ridge_spread));
  expect_entry(ridge.at("spread_skill"), 2);
}

TEST_F(Evaluate, differences_to_the_baselines_are_paired) {
  const Json scores = run();
  const Json& against = scores.at("variables").at("uas").at("methods").at("ensemble").at("against");
  expect_entry(against.at("lerp").at("rmse"), 0.125 - 0.5);
  EXPECT_EQ(against.at("lerp").at("rmse").at("significant"), true);
  EXPECT_NEAR(against.at("lerp").at("rmse").at("ratio").get<double>(), 0.25, single_precision);
  expect_entry(against.at("lerp").at("crps"), 0.5 - 5.0 / 12 - 0.5);
  expect_entry(against.at("ridge").at("crps"),
               0.5 - 5.0 / 12 - gaussian(ridge_error, ridge_spread));
  EXPECT_EQ(against.size(), 4U);
}

TEST_F(Evaluate, wind_speed_is_formed_from_the_components_of_each_method) {
  const Json scores = run();
  const Array<double, 2> areas = cell_areas(experiment.content.fine);
  const auto speed = [](float u, float v) {
    return std::sqrt(static_cast<double>(u) * u + static_cast<double>(v) * v);
  };
  double weight = 0, member = 0, mean = 0;
  for (int month = 1; month <= 12; ++month) {
    const Field u = experiment.truth(0, Month(2001, month));
    const Field v = experiment.truth(1, Month(2001, month));
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

TEST_F(Evaluate, constant_errors_change_neither_correlations_nor_waves) {
  const Json scores = run();
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

TEST_F(Evaluate, maps_hold_the_errors_of_every_cell) {
  run();
  const fs::path path = folder.path() / "scores.nc";
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

TEST_F(Evaluate, any_number_of_ranks_writes_the_same_bytes) {
  run();
  if (context.comm.is_root()) {
    const Context alone{Communicator::self(), Log(Log::Voice::quiet), {}, context.seed};
    Options options = experiment.options;
    options.evaluation.directory = (folder.path() / "alone").string();
    EXPECT_EQ(run_evaluate(alone, options), ExitCode::done);
    for (const char* name : {"scores.json", "scores.nc"}) {
      EXPECT_EQ(read_text(folder.path() / name), read_text(folder.path() / "alone" / name)) << name;
    }
  }
  barrier(context.comm);
}

TEST_F(Evaluate, finished_scores_are_left_until_an_input_changes) {
  run();
  const fs::path path = folder.path() / "scores.json";
  const auto written = fs::last_write_time(path);
  run();
  EXPECT_EQ(fs::last_write_time(path), written);
  barrier(context.comm);
  experiment.options.evaluation.bootstrap_samples = 0;
  const Json scores = run();
  const Json& rmse = scores.at("variables").at("vas").at("methods").at("lerp").at("rmse");
  EXPECT_TRUE(rmse.at("value").is_number());
  EXPECT_TRUE(rmse.at("low").is_null());
  barrier(context.comm);
  reconstruct({{Month(2001, 3), Month(2001, 9)}});
  EXPECT_EQ(run().at("period"), Json({"2001-03", "2001-09"}));
}

TEST_F(Evaluate, refusals_name_what_is_wrong) {
  experiment.options.evaluation.members = {2, 5};
  EXPECT_NE(refusal().find("more members than the reconstruction has '2, 5'"), std::string::npos)
      << refusal();
  experiment.options.evaluation.members = {};
  reconstruct({{Month(2001, 1), Month(2001, 7)}}, false);
  EXPECT_NE(refusal().find("holds no members"), std::string::npos) << refusal();
  reconstruct({{Month(1999, 1), Month(1999, 7)}});
  EXPECT_NE(refusal().find("no month of the test period"), std::string::npos) << refusal();
  experiment.options.evaluation.reconstruction = (folder.path() / "elsewhere").string();
  EXPECT_NE(refusal().find("run the stage reconstruct first"), std::string::npos) << refusal();
}

TEST_F(Evaluate, a_member_that_lacks_months_is_refused) {
  if (context.comm.is_root()) {
    const fs::path path = experiment.options.reconstruction_path() / "manifest.json";
    Json manifest = Json::parse(read_text(path));
    for (std::size_t i = 0; i < manifest["files"].size(); ++i) {
      if (manifest["files"][i]["file"] == "vas_r003_200108-200112.nc") manifest["files"].erase(i);
    }
    std::ofstream(path) << manifest;
  }
  barrier(context.comm);
  EXPECT_NE(refusal().find("'vas, member 3' (2001-08 is missing, 5 months in all)"),
            std::string::npos)
      << refusal();
}

TEST_F(Evaluate, bands_of_rows_hold_the_same_members_as_whole_fields) {
  const StoreReader reader(folder.path() / "samples.h5");
  const MemberArchive archive(experiment.options.reconstruction_path(), experiment.content);
  const FieldProvider fields(reader, experiment.content, archive);
  const ScoredVariable speed = scored_variables(experiment.content).at(2);
  const std::size_t position = archive.positions().front();
  MonthMembers whole(fields, speed, position);
  constexpr std::size_t five_rows = 5 * 4 * 24 * sizeof(float);
  MonthMembers cut(fields, speed, position, five_rows);
  EXPECT_EQ(whole.n_bands(), 1U);
  ASSERT_EQ(cut.n_bands(), 3U);
  for (std::size_t m = 0; m < 4; ++m) {
    const View<const float, 2> expected = whole.member(m);
    for (std::size_t i_band = 0; i_band < 3; ++i_band) {
      const View<const float, 3> band = cut.band(i_band);
      for (std::size_t y = 0; y < band.extent(1); ++y) {
        EXPECT_EQ(std::memcmp(&band(m, y, 0), &expected(cut.first_row(i_band) + y, 0),
                              24 * sizeof(float)),
                  0);
      }
    }
    EXPECT_EQ(std::memcmp(cut.member(m).data(), expected.data(), expected.size() * sizeof(float)),
              0);
  }
}

}  // namespace
}  // namespace hindscale::test
