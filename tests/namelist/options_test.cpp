// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/options.hpp"

#include <cmath>
#include <fstream>
#include <sstream>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/namelist/values.hpp"
#include "sample.hpp"
#include "support/temporary.hpp"

namespace hindscale::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Options from(const std::string& more) {
  return options_from_text(complete(more), "test.nml", {});
}

std::vector<ErrorFacts> refused(const std::string& text) {
  return problems_of([&] { options_from_text(text, "test.nml", {}); });
}

TEST(Options, every_declaration_is_whole) {
  Options options;
  for (const OptionRow& row : OptionTable(options).rows()) {
    SCOPED_TRACE(row.name());
    EXPECT_GT(row.notes.meaning.size(), 9U);
    EXPECT_EQ(lower_case(row.key), row.key);
    EXPECT_EQ(text_of(row.value()), text_of(row.default_value));
    const bool is_number = type_name(row.default_value).starts_with("integer") ||
                           type_name(row.default_value).starts_with("real");
    EXPECT_EQ(is_number, !row.notes.unit.empty());
  }
}

TEST(Options, every_default_keeps_to_its_own_notes) {
  Options options;
  std::string text = print_namelist(OptionTable(options));
  Problems problems;
  read_into(OptionTable(options), parse_namelist(text, "defaults", problems), {}, problems);
  std::vector<std::string> keys;
  for (const ErrorFacts& facts : problems.all()) keys.push_back(facts.key);
  EXPECT_THAT(keys, ElementsAre("experiment/directory", "dataset/train_years",
                                "dataset/validation_years", "dataset/test_years"))
      << "only what must be set has no valid default";
}

TEST(Options, no_two_options_share_a_name) {
  Options options;
  std::set<std::string> names;
  for (const OptionRow& row : OptionTable(options).rows())
    EXPECT_TRUE(names.insert(row.name()).second) << row.name();
}

TEST(Options, required_options_must_be_set) {
  std::vector<std::string> keys;
  for (const ErrorFacts& facts : refused("&dataset relief_file='r.nc' /")) {
    EXPECT_EQ(facts.problem, "required option is not set");
    EXPECT_EQ(facts.file, "test.nml");
    keys.push_back(facts.key);
  }
  EXPECT_THAT(keys, ElementsAre("experiment/directory", "dataset/train_years",
                                "dataset/validation_years", "dataset/test_years"));
}

TEST(Options, problems_of_every_kind_are_reported_together_in_order) {
  const std::string text = complete(
      "&training steps=0\n stpes=3\n batch='8'\n batch=9 /\n"
      "&sampling sampler=ddim\n steps=5 /\n"
      "&tyling size=3 /\n"
      "&tiling overlap=40 /\n");
  const auto problems =
      problems_of([&] { options_from_text(text, "test.nml", {"output/deflate=10"}); });
  ASSERT_THAT(problems, ElementsAre(is_problem("training/steps", "out of range"),
                                    is_problem("training/stpes", "unknown key"),
                                    is_problem("training/batch", "not a whole number"),
                                    is_problem("training/batch", "repeated key"),
                                    is_problem("sampling/sampler", "text without quotes"),
                                    is_problem("tyling", "unknown group"),
                                    is_problem("tiling/overlap", "conflicting value"),
                                    is_problem("output/deflate", "out of range")))
      << ::testing::PrintToString(problems.size());
  try {
    options_from_text(text, "test.nml", {"output/deflate=10"});
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("8 problems"));
    EXPECT_THAT(error.what(), HasSubstr("\ntest.nml:4: training/steps: out of range '0'"));
    EXPECT_THAT(error.what(), HasSubstr("\ncommand line: output/deflate: out of range '10'"));
  }
}

TEST(Options, a_single_problem_carries_its_facts) {
  try {
    from("&training\n steps=-1 /");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.facts().file, "test.nml");
    EXPECT_EQ(error.facts().line, 5);
    EXPECT_EQ(error.facts().key, "training/steps");
    EXPECT_EQ(error.facts().value, "-1");
  }
}

TEST(Options, at_cites_where_an_option_was_set) {
  const Options options =
      options_from_text(complete("&training\n steps=300 /"), "test.nml", {"ensemble/members=3"});
  EXPECT_EQ(message_of(options.at("training/steps")), "test.nml:5: training/steps:  '300'");
  EXPECT_EQ(options.at("ensemble/members").file, command_line);
  EXPECT_EQ(options.at("ensemble/batch").file, "test.nml");
  EXPECT_EQ(options.at("ensemble/batch").line, 0);
  EXPECT_EQ(options.at("ensemble/batch").value, "8");
  EXPECT_TRUE(options.is_set("training/steps"));
  EXPECT_FALSE(options.is_set("training/batch"));
  EXPECT_THROW(static_cast<void>(options.at("training/nothing")), AssertionError);
}

TEST(Options, effective_namelist_reads_back_to_the_same) {
  const Options options =
      options_from_text(complete("&domain west=350 east=380.5 /\n&model preset='dpdm' attention= "
                                 "/\n&training learning_rate=1.23456789012345e-7 steps=3 /\n"
                                 "&output members=f /\n"),
                        "test.nml", {"experiment/title=it's \"Ä\" & 5/6 ! # ;"});
  const std::string text = to_namelist(options);
  EXPECT_THAT(text, HasSubstr("! south is unset\n"));
  const Options again = options_from_text(text, "echo.nml", {});
  EXPECT_EQ(to_namelist(again), text);
  EXPECT_EQ(again.experiment.title, options.experiment.title);
  EXPECT_EQ(again.training.learning_rate, 1.23456789012345e-7);
  EXPECT_EQ(again.domain.east, 380.5);
  EXPECT_TRUE(std::isnan(again.domain.south));
  EXPECT_THAT(again.model.attention, IsEmpty());
  EXPECT_EQ(again.model.channels, 64);
  EXPECT_EQ(again.training.warmup, 3);
  EXPECT_THAT(again.output.quantiles, IsEmpty());
}

TEST(Options, value_options_are_those_that_determine_a_reconstruction) {
  const auto texts = value_options(from("&sampling steps=12 clip=0.0 /"));
  EXPECT_EQ(texts.at("sampling/steps"), "12");
  EXPECT_EQ(texts.at("sampling/sampler"), "'multistep'");
  EXPECT_EQ(texts.at("tiling/size"), "40, 80");
  EXPECT_EQ(texts.at("experiment/seed"), "1");
  for (const char* key :
       {"experiment/directory", "ensemble/batch", "ensemble/members", "reconstruct/directory"})
    EXPECT_FALSE(texts.contains(key)) << key;
  EXPECT_EQ(texts.at("experiment/threads"), "1");
  EXPECT_EQ(texts.at("reconstruct/adjustment"), "'none'");
  EXPECT_EQ(texts.at("reconstruct/coarse_members"), "0");
  EXPECT_EQ(texts.at("ensemble/antithetic"), ".false.");
  EXPECT_EQ(texts.size(), 38U);
}

TEST(Options, presets_fill_what_is_not_set) {
  const ModelOptions small = from("").model;
  EXPECT_EQ(small.channels, 32);
  EXPECT_THAT(small.multipliers, ElementsAre(1, 2, 2));
  EXPECT_TRUE(small.season);
  const ModelOptions dpdm = from("&model preset='dpdm' season=.true. channels=32 /").model;
  EXPECT_EQ(dpdm.channels, 32) << "set to the value that is the default of 'small'";
  EXPECT_TRUE(dpdm.season);
  EXPECT_FALSE(dpdm.position);
  EXPECT_THAT(dpdm.multipliers, ElementsAre(1, 1, 2, 4));
  EXPECT_THAT(dpdm.attention, ElementsAre(2, 3));
  EXPECT_TRUE(dpdm.attention_middle);
  EXPECT_EQ(dpdm.groups, 32);
  EXPECT_TRUE(dpdm.relief);
}

TEST(Options, resolved_keeps_members_changed_in_code_and_is_idempotent) {
  ModelOptions model;
  model.preset = "dpdm";
  model.groups = 16;
  const ModelOptions once = resolved(model);
  const ModelOptions twice = resolved(once);
  EXPECT_EQ(once.channels, 64);
  EXPECT_EQ(once.groups, 16);
  EXPECT_EQ(twice.channels, 64);
  EXPECT_FALSE(twice.season);
}

TEST(Options, paths_and_months_have_defaults) {
  const Options options = from("");
  EXPECT_EQ(options.store_path(), "runs/a/samples.h5");
  EXPECT_EQ(options.checkpoints_path(), "runs/a/checkpoints");
  EXPECT_EQ(options.reconstruction_path(), "runs/a/reconstruction");
  EXPECT_EQ(options.evaluated_path(), "runs/a/reconstruction");
  EXPECT_EQ(options.evaluation_path(), "runs/a");
  EXPECT_EQ(options.first_month(), "1991-01");
  EXPECT_EQ(options.last_month(), "1992-12");
  const Options set = from("&reconstruct directory='r' last_month='1991-03' /");
  EXPECT_EQ(set.evaluated_path(), "r");
  EXPECT_EQ(set.last_month(), "1991-03");
}

TEST(Options, the_reference_has_every_option) {
  std::ostringstream out;
  describe_options(out);
  Options options;
  for (const OptionRow& row : OptionTable(options).rows()) {
    EXPECT_THAT(out.str(), HasSubstr("| `" + row.key + "`"));
    EXPECT_THAT(out.str(), HasSubstr(row.notes.meaning.substr(0, 20)));
  }
  EXPECT_THAT(out.str(),
              HasSubstr("| `steps` | integer | 2500 | steps | at least 1 | optimiser steps"));
  EXPECT_THAT(out.str(), HasSubstr("## &tiling: "));
}

TEST(Options, a_file_is_read_and_a_missing_one_refused) {
  const Communicator self = Communicator::self();
  const TemporaryFolder folder(self);
  std::ofstream(folder.path() / "a.nml") << complete("stray\n");
  const Options options = read_options(folder.path() / "a.nml", {"training/steps=9"});
  EXPECT_EQ(options.training.steps, 9);
  EXPECT_THAT(options.warnings, SizeIs(1));
  EXPECT_THROW(read_options(folder.path() / "none.nml", {}), InputError);
}

}  // namespace
}  // namespace hindscale::test
