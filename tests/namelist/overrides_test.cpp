// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/options.hpp"
#include "sample.hpp"

namespace hindscale::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Options with(const std::vector<std::string>& overrides, const std::string& more = "") {
  return options_from_text(complete(more), "test.nml", overrides);
}

std::vector<ErrorFacts> refused(const std::vector<std::string>& overrides) {
  return problems_of([&] { with(overrides); });
}

TEST(Overrides, replace_values_of_the_file) {
  const Options options = with({"training/steps=7", "Experiment/Directory=runs/b c",
                                "training/learning_rate=5d-4", "output/members=f"},
                               "&training steps=5000 batch=4 /\n");
  EXPECT_EQ(options.training.steps, 7);
  EXPECT_EQ(options.training.batch, 4);
  EXPECT_EQ(options.experiment.directory, "runs/b c");
  EXPECT_EQ(options.training.learning_rate, 5e-4);
  EXPECT_FALSE(options.output.members);
}

TEST(Overrides, texts_need_no_quotes) {
  EXPECT_EQ(with({"experiment/title='a ''b'''"}).experiment.title, "a 'b'");
  EXPECT_EQ(with({"experiment/title=\"a\""}).experiment.title, "a");
  EXPECT_EQ(with({"experiment/title=it's 5 # x; y/z & !, a=b"}).experiment.title,
            "it's 5 # x; y/z & !, a=b");
  EXPECT_EQ(with({"experiment/title="}).experiment.title, "");
  EXPECT_EQ(with({"sampling/sampler=ddpm"}).sampling.sampler, "ddpm");
  EXPECT_EQ(with({"reconstruct/first_month=1991-06"}).reconstruct.first_month, "1991-06");
}

TEST(Overrides, lists_follow_the_grammar) {
  EXPECT_THAT(with({"dataset/variables=tas"}).dataset.variables, ElementsAre("tas"));
  EXPECT_THAT(with({"dataset/variables=uas,'vas' tas"}).dataset.variables,
              ElementsAre("uas", "vas", "tas"));
  EXPECT_THAT(with({"dataset/fine_files=/data/a.nc,b/c!d.nc"}).dataset.fine_files,
              ElementsAre("/data/a.nc", "b/c!d.nc"));
  EXPECT_THAT(with({"training/patch_size=2*32"}).training.patch_size, ElementsAre(32, 32));
  EXPECT_THAT(with({"training/patch_size(2)=32"}).training.patch_size, ElementsAre(40, 32));
  EXPECT_THAT(with({"output/quantiles="}).output.quantiles, IsEmpty());
}

TEST(Overrides, an_index_changes_the_element_of_the_file) {
  EXPECT_THAT(with({"tiling/size(1)=20"}, "&tiling size=36,72 /").tiling.size, ElementsAre(20, 72));
}

TEST(Overrides, wrong_ones_are_refused) {
  for (const char* argument :
       {"steps=3", "training/steps", "training/=3", "/steps=3", "training/steps x=3", "=3"})
    EXPECT_THAT(refused({argument}), ElementsAre(is_problem("", "unreadable argument")))
        << argument;
  EXPECT_THAT(refused({"training/steps=x"}),
              ElementsAre(is_problem("training/steps", "not a whole number")));
  EXPECT_THAT(refused({"training/steps=0"}),
              ElementsAre(is_problem("training/steps", "out of range")));
  EXPECT_THAT(refused({"training/steps='3'"}),
              ElementsAre(is_problem("training/steps", "not a whole number")));
  EXPECT_THAT(refused({"experiment/title='open"}),
              ElementsAre(is_problem("experiment/title", "text without its closing quote")));
  EXPECT_THAT(refused({"training/steps=3", "training/steps=3"}),
              ElementsAre(is_problem("training/steps", "repeated key")));
}

TEST(Overrides, unknown_names_are_refused_with_the_nearest) {
  const auto problems = refused({"trainning/steps=3", "training/step=3", "sampling/members=3"});
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_EQ(problems[0].why, "did you mean 'training'?");
  EXPECT_EQ(problems[1].why, "did you mean 'steps'?");
  EXPECT_THAT(problems[2].why, HasSubstr("it belongs to &ensemble"));
  EXPECT_EQ(message_of(problems[1]).substr(0, 29), "command line: training/step: ");
}

}  // namespace
}  // namespace hindscale::test
