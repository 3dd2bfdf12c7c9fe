// SPDX-License-Identifier: Apache-2.0
// The choice among ways to sample, and what it is worth on years it has not seen.
#include "../../src/app/calibration_trials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using ::testing::ElementsAre;

constexpr double tolerance = 0.01;

/// A month of one variable with this CRPS (of a Lerp that errs by 1) and this spread over skill.
MonthScore month_of(int year, double crps, double spread_skill) {
  constexpr std::size_t n_members = 4;
  constexpr double inflation = (n_members + 1.0) / n_members;  // of the variance, by the score
  MonthEnsemble ensemble{.weight = 1,
                         .sum_crps = crps,
                         .sum_variance = spread_skill * spread_skill / inflation,
                         .sum_squared_error = 1,
                         .ranks = std::vector<double>(n_members + 1, 0.2)};
  return {Month(year, 1), {ensemble}, {1.0}, {1.0}};
}

struct Year {
  double crps, spread_skill;
};

/// A trial whose years, from 2000, score like this.
Trial trial_of(std::int64_t evaluations, double noise, const std::vector<Year>& years) {
  Trial trial{.sampler = "ddim", .steps = evaluations, .noise_scale = {noise}};
  trial.evaluations = static_cast<double>(evaluations);
  for (std::size_t i = 0; i < years.size(); ++i)
    trial.months.push_back(
        month_of(2000 + static_cast<int>(i), years[i].crps, years[i].spread_skill));
  trial.score = validation_score(trial.months);
  return trial;
}

/// Choices by all years.
SamplingChoice choice_of(const std::vector<WayTrials>& ways, double allowed) {
  return choose_sampling(ways, allowed, [](int) { return true; });
}

/// The way chosen among those tried with one noise.
std::size_t way_of(const std::vector<Trial>& trials, double allowed) {
  std::vector<WayTrials> ways;
  for (const Trial& trial : trials) ways.push_back({trial});
  return choice_of(ways, allowed).i_way;
}

TEST(ValidationScore, is_the_crps_over_the_error_of_lerp_and_spread_over_skill) {
  const Trial trial = trial_of(4, 1, {{0.4, 0.8}, {0.6, 0.8}});
  EXPECT_DOUBLE_EQ(trial.score.score, 0.5);
  EXPECT_DOUBLE_EQ(trial.score.spread_skill[0], 0.8);
}

TEST(Choose, takes_the_fewest_evaluations_within_the_tolerance) {
  const std::vector<Trial> trials{trial_of(12, 1, {{0.500, 1}}), trial_of(6, 1, {{0.504, 1}}),
                                  trial_of(3, 1, {{0.506, 1}})};
  EXPECT_EQ(way_of(trials, tolerance), 1U);
  EXPECT_EQ(way_of(trials, 0.02), 2U);
  EXPECT_EQ(way_of(trials, 0), 0U);
}

TEST(Choose, prefers_the_spread_nearest_the_skill_among_equals) {
  const std::vector<Trial> trials{trial_of(6, 1, {{0.500, 0.8}}), trial_of(6, 1, {{0.502, 1.1}}),
                                  trial_of(6, 1, {{0.504, 1.2}})};
  EXPECT_EQ(way_of(trials, tolerance), 1U);
}

TEST(Choose, leaves_out_what_is_not_finite_and_refuses_nothing_but_that) {
  const Trial diverges = trial_of(2, 1, {{NAN, 1}});
  EXPECT_EQ(way_of({diverges, trial_of(6, 1, {{0.5, 1}})}, tolerance), 1U);
  EXPECT_THROW(static_cast<void>(way_of({diverges}, tolerance)), InputError);
  const SamplingChoice with_other_noise = choice_of(
      {{diverges, trial_of(2, 1.1, {{0.5, 1}})}, {trial_of(6, 1, {{0.5, 1}})}}, tolerance);
  EXPECT_EQ(with_other_noise.i_way, 0U);
  EXPECT_THAT(with_other_noise.i_noise, ElementsAre(1));
}

TEST(Choose, does_not_pay_more_than_the_tolerance_for_the_spread) {
  const std::vector<WayTrials> way{{trial_of(6, 1, {{0.500, 0.8}}),
                                    trial_of(6, 1.1, {{0.503, 0.9}}),
                                    trial_of(6, 1.2, {{0.51, 1}})}};
  EXPECT_THAT(choice_of(way, tolerance).i_noise, ElementsAre(1));
  EXPECT_THAT(choice_of(way, 0.05).i_noise, ElementsAre(2));
}

TEST(Choose, noise_may_make_up_for_few_evaluations) {
  // With the noise of training six evaluations are needed; three with more of it do.
  const WayTrials few{trial_of(3, 1, {{0.520, 0.8}}), trial_of(3, 1.1, {{0.503, 0.9}})};
  const WayTrials more{trial_of(6, 1, {{0.500, 1}}), trial_of(6, 1.1, {{0.510, 1.1}})};
  const SamplingChoice choice = choice_of({few, more}, tolerance);
  EXPECT_EQ(choice.i_way, 0U);
  EXPECT_THAT(choice.i_noise, ElementsAre(1));
}

TEST(Choose, way_and_noise_together_cost_no_more_than_the_tolerance) {
  // Three evaluations cost 0.6 % of CRPS: 0.4 % are left for the spread, not another 1 %.
  const WayTrials few{trial_of(3, 1, {{0.503, 0.8}}), trial_of(3, 1.1, {{0.5045, 0.9}}),
                      trial_of(3, 1.2, {{0.507, 1}})};
  const WayTrials more{trial_of(6, 1, {{0.500, 1}})};
  const SamplingChoice choice = choice_of({few, more}, tolerance);
  EXPECT_EQ(choice.i_way, 0U);
  EXPECT_THAT(choice.i_noise, ElementsAre(1));
}

TEST(Choose, counts_the_evaluations_of_the_noise_chosen) {
  // One that chooses its steps needs more of them with more noise.
  const WayTrials adaptive{trial_of(5, 1, {{0.5, 1}}), trial_of(9, 1.3, {{0.6, 1.3}})};
  const WayTrials fixed{trial_of(6, 1, {{0.5, 1}}), trial_of(6, 1.3, {{0.6, 1.3}})};
  EXPECT_EQ(choice_of({fixed, adaptive}, tolerance).i_way, 1U);
}

TEST(Choose, members_without_spread_get_the_noise_of_the_best_crps) {
  const SamplingChoice choice = choice_of(
      {{trial_of(6, 1, {{NAN, 1}}), trial_of(6, 1.1, {{0.5, 0}}), trial_of(6, 1.2, {{0.6, 0}})}},
      tolerance);
  EXPECT_THAT(choice.i_noise, ElementsAre(1));
}

TEST(LeftOut, every_year_is_sampled_as_the_others_would_choose) {
  // By 2001 and 2002 the noise is 1, by the others of each of these it is 1.2.
  const Trial narrow = trial_of(6, 1, {{0.50, 0.7}, {0.40, 1}, {0.40, 1}});
  const Trial wide = trial_of(6, 1.2, {{0.45, 1}, {0.41, 1.4}, {0.41, 1.4}});
  constexpr double loose = 0.2;
  const auto score = left_out_score({{narrow, wide}}, loose);
  ASSERT_TRUE(score);
  // 2000 as narrow; the pair (2000, 2001) has spread / skill 0.86 narrow and 1.22 wide.
  EXPECT_NEAR(score->score, (0.50 + 0.40 + 0.40) / 3, 1e-12);
  const Trial wider = trial_of(6, 1.2, {{0.45, 1.3}, {0.41, 1}, {0.41, 1}});
  const Trial low = trial_of(6, 1, {{0.50, 1}, {0.40, 0.6}, {0.40, 0.6}});
  const auto other = left_out_score({{low, wider}}, loose);
  EXPECT_NEAR(other->score, (0.45 + 0.41 + 0.41) / 3, 1e-12);
}

TEST(LeftOut, ways_are_chosen_by_the_other_years_too) {
  // 2000 needs many evaluations, 2001 does not.
  const Trial few = trial_of(3, 1, {{0.60, 1}, {0.40, 1}});
  const Trial many = trial_of(12, 1, {{0.50, 1}, {0.40, 1}});
  const auto score = left_out_score({{few}, {many}}, tolerance);
  EXPECT_NEAR(score->score, (0.60 + 0.40) / 2, 1e-12);
}

TEST(LeftOut, needs_two_years) {
  EXPECT_FALSE(left_out_score({{trial_of(6, 1, {{0.5, 1}})}}, tolerance));
}

}  // namespace
}  // namespace hindscale
