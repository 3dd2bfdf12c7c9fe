// SPDX-License-Identifier: Apache-2.0
// The namelist of 'world': defaults, and what is refused.
#include "hindscale/namelist/world_options.hpp"

#include <sstream>

#include "hindscale/namelist/values.hpp"
#include "sample.hpp"

namespace hindscale::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

WorldOptions from(const std::string& more) {
  return world_from_text("&world directory='runs/w' " + more + " /", "world.nml", {});
}

std::vector<ErrorFacts> refused(const std::string& more) {
  return problems_of([&] { from(more); });
}

TEST(WorldOptions, defaults_are_east_asia_on_a_half_degree_grid) {
  const WorldOptions world = from("");
  EXPECT_EQ(world.directory, "runs/w");
  EXPECT_EQ(world.west, 70);
  EXPECT_EQ(world.north, 55);
  EXPECT_EQ(world.fine_step, 0.5);
  EXPECT_EQ(world.coarse_step, 5);
  EXPECT_EQ(world.first_month, "1836-01");
  EXPECT_EQ(world.members, 0);
  EXPECT_TRUE(world.law_years.empty());
}

TEST(WorldOptions, every_declaration_is_whole_and_in_the_reference) {
  std::ostringstream reference;
  describe_options(reference);
  EXPECT_THAT(reference.str(), HasSubstr("## &world: "));
  WorldOptions world;
  OptionTable table;
  table.group("world", world, "");
  for (const OptionRow& row : table.rows()) {
    SCOPED_TRACE(row.name());
    EXPECT_GT(row.notes.meaning.size(), 9U);
    EXPECT_THAT(reference.str(), HasSubstr("| `" + row.key + "`"));
  }
}

TEST(WorldOptions, the_directory_must_be_set_and_names_must_be_known) {
  const auto problems =
      problems_of([] { world_from_text("&world sead=3 /\n&dataset /", "world.nml", {}); });
  EXPECT_THAT(problems, ElementsAre(is_problem("world/directory", "required option is not set"),
                                    is_problem("world/sead", "unknown key"),
                                    is_problem("dataset", "unknown group")));
}

TEST(WorldOptions, steps_must_nest_and_fill_the_box) {
  EXPECT_THAT(refused("fine_step=0.3"),
              ElementsAre(is_problem("world/fine_step", "conflicting value")));
  EXPECT_THAT(refused("fine_step=2.5"),
              ElementsAre(is_problem("world/fine_step", "conflicting value")));
  EXPECT_THAT(refused("east=142"),
              ElementsAre(is_problem("world/coarse_step", "conflicting value")));
  EXPECT_THAT(refused("east=60"), ElementsAre(is_problem("world/east", "conflicting value")));
  EXPECT_THAT(refused("north=20"),
              ElementsAre(is_problem("world/coarse_step", "conflicting value")));
  EXPECT_NO_THROW(from("fine_step=0.1 coarse_step=1"));
}

TEST(WorldOptions, periods_must_run_forward) {
  EXPECT_THAT(refused("last_month='1835-12'"),
              ElementsAre(is_problem("world/first_month", "conflicting value")));
  EXPECT_THAT(refused("law_years=2021,2016"),
              ElementsAre(is_problem("world/law_years", "conflicting value")));
  EXPECT_THAT(refused("law_years=2021"),
              ElementsAre(is_problem("world/law_years", "conflicting value")));
  EXPECT_THAT(refused("member_years=2015,1836"),
              ElementsAre(is_problem("world/member_years", "conflicting value")));
}

TEST(WorldOptions, the_command_line_comes_last) {
  const WorldOptions world =
      world_from_text("&world directory='a' seed=1 /", "world.nml", {"world/seed=9"});
  EXPECT_EQ(world.seed, 9);
}

}  // namespace
}  // namespace hindscale::test
