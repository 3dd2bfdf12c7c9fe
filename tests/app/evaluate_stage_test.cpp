// SPDX-License-Identifier: Apache-2.0
// How the stage `evaluate` behaves: ranks, runs repeated, wrong input, bounded memory.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>

#include "../../src/app/coarse_digests.hpp"
#include "../../src/app/evaluate_fields.hpp"
#include "evaluate_experiment.hpp"
#include "hindscale/core/commit.hpp"

namespace hindscale::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class Evaluate : public ::testing::Test, public EvaluateStage {};

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
  const std::string maps = read_text(folder.path() / "scores.nc");
  barrier(context.comm);
  if (context.comm.is_root()) commit_text(folder.path() / "scores.nc", "");
  run();
  EXPECT_EQ(read_text(folder.path() / "scores.nc"), maps) << "maps that are damaged are made again";
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

TEST_F(Evaluate, months_driven_by_unknown_coarse_fields_have_no_consistency) {
  const auto member = [&](const char* method) {
    return run().at("variables").at("vas").at("methods").at(method).at("consistency").at("value");
  };
  const double known = member("member");
  if (context.comm.is_root()) {
    // The archive was driven by other fields in every month but the first, whose digest is right.
    const StoreReader reader(folder.path() / "samples.h5");
    Json digests;
    for (int month = 1; month <= 12; ++month)
      digests[Month(2001, month).to_string()] = std::string(64, '0');
    Array<float, 3> coarse({2, 4, 8});
    reader.read(store::coarse, experiment.content.position_of(Month(2001, 1)), 1, coarse.flat());
    digests["2001-01"] = text_of(digest_of(CoarseMonth{coarse, {}}));
    std::ofstream(experiment.options.reconstruction_path() / "archive.json")
        << Json{{"coarse_sha256", digests}};
  }
  barrier(context.comm);
  experiment.options.evaluation.bootstrap_samples = 0;  // else the scores count as finished
  const double january = member("member");
  EXPECT_GT(january, 0);
  EXPECT_NE(january, known);
  EXPECT_TRUE(member("lerp").is_number());
  if (context.comm.is_root())
    std::ofstream(experiment.options.reconstruction_path() / "archive.json")
        << Json{{"coarse_sha256", {{"2001-01", "0"}}}};
  barrier(context.comm);
  experiment.options.evaluation.members = {4};
  EXPECT_NE(member("member"), january);  // eleven months without a record count by the store
}

TEST_F(Evaluate, pairs_have_the_mean_of_all_and_the_law_of_the_first_of_each) {
  experiment.options.ensemble.antithetic = true;
  experiment.options.evaluation.members = {2, 3};
  reconstruct({{Month(2001, 1), Month(2001, 12)}});
  const Json scores = run();
  EXPECT_EQ(scores.at("members"), 4);
  EXPECT_EQ(scores.at("independent_members"), 2);
  const Json& ensemble = scores.at("variables").at("vas").at("methods").at("ensemble");
  const auto expect = [](const Json& of, const char* score, double value) {
    EXPECT_NEAR(of.at(score).at("value").get<double>(), value, 1e-5) << score;
  };
  const double difference = 0.875 + 0.625, variance = difference * difference / 2;
  expect(ensemble, "rmse", 0.125);
  expect(ensemble, "crps", (0.875 + 0.625) / 2 - difference / 2);
  expect(ensemble, "spread", std::sqrt(variance));
  expect(ensemble, "spread_skill", std::sqrt(1.5 * variance) / 0.125);
  EXPECT_EQ(ensemble.at("rank_histogram"), Json({0.0, 1.0, 0.0}));
  const Json& sizes = ensemble.at("by_members");
  ASSERT_EQ(sizes.size(), 3U);
  expect(sizes.at("2"), "rmse", 0.375);
  EXPECT_TRUE(sizes.at("2").at("crps").at("value").is_null());  // a pair is one draw
  expect(sizes.at("3"), "rmse", 0.125 / 3);
  expect(sizes.at("3"), "spread_skill", std::sqrt(1.5 * variance) / 0.125);  // of the first of each
  expect(sizes.at("4"), "rmse", 0.125);
  EXPECT_EQ(sizes.at("4").at("crps"), ensemble.at("crps"));
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
