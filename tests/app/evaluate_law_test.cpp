// SPDX-License-Identifier: Apache-2.0
// Scores of the law that the truth was drawn from, and shares of the attainable skill.
#include <gtest/gtest.h>

#include "evaluate_experiment.hpp"
#include "hindscale/metric/ensemble.hpp"

namespace hindscale::test {
namespace {

using Json = nlohmann::json;

constexpr float law_error = 0.0625F, law_spread = 0.125F;

class EvaluateLaw : public ::testing::Test, public EvaluateStage {
 protected:
  /// One year of a variable: mean, deviation, and for `has_quantiles` a law of two points.
  void write_law(std::size_t variable, bool has_quantiles, int n_months = 12) const {
    const std::string& name = experiment.content.variables[variable];
    for (const char* kind : {"mean", "std", "quantiles"}) {
      if (std::string(kind) == "quantiles" && !has_quantiles) continue;
      FieldFileSpec spec;
      spec.path = law() / (name + "_" + kind + "_200101-200112.nc");
      spec.name = name;
      spec.grid = &experiment.content.fine;
      for (int month = 1; month <= n_months; ++month) spec.months.emplace_back(2001, month);
      if (std::string(kind) == "quantiles") spec.quantiles = {0.25, 0.75};
      FieldFile file(Communicator::self(), spec);
      for (std::size_t i = 0; i < spec.months.size(); ++i)
        file.write(i, record(variable, spec.months[i], kind));
      file.commit();
    }
  }

  [[nodiscard]] std::filesystem::path law() const { return folder.path() / "law"; }

  [[nodiscard]] std::vector<float> record(std::size_t variable, Month month,
                                          const std::string& kind) const {
    const Field truth = experiment.truth(variable, month);
    std::vector<float> values;
    const auto append_moved = [&](float by) {
      for (const float value : truth.flat()) values.push_back(value + by);
    };
    if (kind == "std") {
      values.assign(truth.size(), law_spread);
    } else if (kind == "mean") {
      append_moved(law_error);
    } else {
      append_moved(law_error - law_spread);
      append_moved(law_error + law_spread);
    }
    return values;
  }

  Json scores_with_law() {
    if (context.comm.is_root()) {
      make_directory(law());
      write_law(0, false);
      write_law(1, true);
    }
    barrier(context.comm);
    experiment.options.evaluation.law = law().string();
    return run().at("variables");
  }
};

TEST_F(EvaluateLaw, is_scored_as_the_method_exact) {
  const Json scores = scores_with_law();
  const auto value = [&](const char* variable, const char* score) {
    return scores.at(variable).at("methods").at("exact").at(score).at("value").get<double>();
  };
  for (const char* variable : {"uas", "vas"}) {
    EXPECT_NEAR(value(variable, "rmse"), law_error, 1e-5) << variable;
    EXPECT_NEAR(value(variable, "spread"), law_spread, 1e-6) << variable;
  }
  EXPECT_NEAR(value("uas", "crps"), gaussian_crps(law_error, law_spread, 0), 1e-5);
  // Twice the mean pinball loss of two points at levels 1/4 and 3/4 around the truth.
  const double below = law_spread - law_error, above = law_spread + law_error;
  EXPECT_NEAR(value("vas", "crps"), 0.25 * below + 0.25 * above, 1e-5);
  EXPECT_FALSE(scores.at("sfcWind").at("methods").contains("exact"));
}

TEST_F(EvaluateLaw, tells_each_method_its_share_of_the_attainable_skill) {
  const Json methods = scores_with_law().at("vas").at("methods");
  const auto share = [&](const char* method) {
    return methods.at(method).at("attainable").at("value").get<double>();
  };
  const auto square = [](double x) { return x * x; };
  const double range = square(corrected_error) - square(law_error);
  EXPECT_NEAR(share("lerp_corrected"), 0, 1e-5);
  EXPECT_NEAR(share("exact"), 1, 1e-5);
  EXPECT_NEAR(share("ridge"), (square(corrected_error) - square(ridge_error)) / range, 1e-3);
  EXPECT_FALSE(run().at("variables").at("sfcWind").at("methods").at("lerp").contains("attainable"));
}

TEST_F(EvaluateLaw, that_lacks_a_month_or_a_variable_is_refused) {
  experiment.options.evaluation.law = law().string();
  if (context.comm.is_root()) {
    make_directory(law());
    write_law(0, false);
  }
  barrier(context.comm);
  EXPECT_NE(refusal().find("no files of the law of 'vas'"), std::string::npos);
  if (context.comm.is_root()) {
    for (const char* kind : {"mean", "std"})
      std::filesystem::rename(law() / ("uas_" + std::string(kind) + "_200101-200112.nc"),
                              law() / ("vas_" + std::string(kind) + "_200101-200112.nc"));
    write_law(0, false, 6);
  }
  barrier(context.comm);
  EXPECT_NE(refusal().find("the law of a month that is scored is not there '2001-07'"),
            std::string::npos);
}

}  // namespace
}  // namespace hindscale::test
