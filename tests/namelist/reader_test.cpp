// SPDX-License-Identifier: Apache-2.0
#include "sample.hpp"

namespace hindscale::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Lists {
  std::vector<std::int64_t> numbers, windows;
  std::vector<std::string> names;
  std::string month, choice;
  double share;

  Lists() { describe(TakeDefaults{}); }

  template <class V>
  void describe(V&& visit) {
    visit("numbers", numbers, {1, 2, 3}, {.range = at_least(0)});
    visit("windows", windows, {3}, {.form = Form::odd});
    visit("names", names, {}, {.form = Form::filled});
    visit("month", month, "", {.form = Form::month});
    visit("choice", choice, "ddim", {.choices = {"ddim", "ddpm"}});
    visit("share", share, 0.5, {.range = inside(0, 1)});
  }
};

Lists lists_of(const std::string& text) {
  Problems problems;
  Lists lists;
  read_group(lists, "&g " + text + "\n/\n", problems);
  for (const ErrorFacts& facts : problems.all()) ADD_FAILURE() << message_of(facts);
  return lists;
}

template <class Group>
ErrorFacts problem_of(const std::string& text) {
  Problems problems;
  Group group;
  read_group(group, "&g\n" + text + "\n/\n", problems);
  EXPECT_THAT(problems.all(), SizeIs(1)) << text;
  return problems.all().empty() ? ErrorFacts{} : problems.all().front();
}

TEST(Reader, a_list_is_replaced_whole_and_changed_by_index) {
  EXPECT_THAT(lists_of("numbers=7,8").numbers, ElementsAre(7, 8));
  EXPECT_THAT(lists_of("numbers=7,,9,10").numbers, ElementsAre(7, 2, 9, 10));
  EXPECT_THAT(lists_of("numbers(2)=9").numbers, ElementsAre(1, 9, 3));
  EXPECT_THAT(lists_of("numbers(1)=5 numbers(4)=9").numbers, ElementsAre(5, 2, 3, 9));
  EXPECT_THAT(lists_of("numbers(2:3)=9").numbers, ElementsAre(1, 9, 3));
  EXPECT_THAT(lists_of("numbers =").numbers, IsEmpty());
  EXPECT_THAT(lists_of("names='a' 'b c'").names, ElementsAre("a", "b c"));
}

TEST(Reader, elements_without_a_value_are_refused) {
  EXPECT_EQ(problem_of<Lists>("names(2)='b'").value, "(1)");
  EXPECT_EQ(problem_of<Lists>("names='a',,'c'").problem, "element without a value");
}

TEST(Reader, bounds_are_named) {
  EXPECT_THAT(problem_of<Sample>("i(7)=1").advice, HasSubstr("1:6"));
  EXPECT_THAT(problem_of<Sample>("i(0)=1").advice, HasSubstr("1:6"));
  EXPECT_THAT(problem_of<Sample>("i(2:3)=1,2,3").advice, HasSubstr("2:3"));
  EXPECT_EQ(problem_of<Sample>("i=1,2,3,4,5,6,7").value, "7");
  EXPECT_EQ(problem_of<Sample>("x(1)=1").problem, "index on a single value");
}

TEST(Reader, types_follow_the_target) {
  EXPECT_EQ(problem_of<Sample>("i(1)=1.5").problem, "not a whole number");
  EXPECT_EQ(problem_of<Sample>("i(1)='1'").problem, "not a whole number");
  EXPECT_EQ(problem_of<Sample>("i(1)=99999999999999999999").problem, "out of range");
  EXPECT_EQ(problem_of<Sample>("x=1e999").problem, "out of range");
  EXPECT_EQ(problem_of<Sample>("x=nan").problem, "not finite");
  EXPECT_EQ(problem_of<Sample>("x='1'").problem, "not a number");
  EXPECT_EQ(problem_of<Sample>("l=.tRash").problem, "not a logical value");
  EXPECT_EQ(problem_of<Sample>("l=1").problem, "not a logical value");
  const ErrorFacts facts = problem_of<Sample>("s=abc");
  EXPECT_EQ(facts.problem, "text without quotes");
  EXPECT_EQ(facts.value, "abc");
  EXPECT_EQ(facts.line, 2);
  EXPECT_EQ(facts.key, "g/s");
}

TEST(Reader, long_texts_are_kept_whole) {
  const std::string text(5000, 'x');
  Problems problems;
  Sample sample;
  read_group(sample, "&g s='" + text + "' /", problems);
  EXPECT_EQ(sample.s, text);
}

TEST(Reader, a_decimal_comma_is_refused) {
  EXPECT_THAT(problem_of<Sample>("x=1,5").advice, HasSubstr("decimal mark"));
}

TEST(Reader, ranges_choices_and_forms_are_checked) {
  EXPECT_THAT(problem_of<Lists>("numbers=1,-1").advice, HasSubstr("at least 0"));
  EXPECT_EQ(problem_of<Lists>("share=1").problem, "out of range");
  EXPECT_EQ(problem_of<Lists>("windows=3,4").problem, "even number");
  EXPECT_EQ(problem_of<Lists>("names='a',' '").problem, "empty text");
  EXPECT_THAT(problem_of<Lists>("choice='dddm'").why, HasSubstr("did you mean 'ddim'"));
  EXPECT_THAT(problem_of<Lists>("choice='euler'").advice, HasSubstr("'ddim', 'ddpm'"));
  for (const char* month : {"1990", "1990-13", "1990-00", "90-01", "1990-1", "1990-01-01"})
    EXPECT_EQ(problem_of<Lists>(std::string("month='") + month + "'").problem, "not a month");
  EXPECT_EQ(lists_of("month='1836-12'").month, "1836-12");
}

TEST(Reader, repeated_keys_elements_and_groups_are_refused) {
  EXPECT_EQ(problem_of<Sample>("x=1\nx=2").line, 3);
  EXPECT_EQ(problem_of<Sample>("x=1\nx=2").problem, "repeated key");
  EXPECT_EQ(problem_of<Sample>("i=6*1\ni(2)=2").problem, "repeated key");
  EXPECT_EQ(problem_of<Sample>("i(2)=1\ni(1:3)=7,8,9").problem, "element set twice");
  EXPECT_EQ(problem_of<Sample>("x=1\n/\n&g l=T").problem, "repeated group");
}

TEST(Reader, unknown_names_are_refused_with_the_nearest) {
  EXPECT_THAT(problem_of<Lists>("chioce='ddim'").why, HasSubstr("did you mean 'choice'"));
  EXPECT_THAT(problem_of<Lists>("number=1").why, HasSubstr("'numbers'"));
  EXPECT_EQ(problem_of<Lists>("completely_different=1").why, "");
}

TEST(Reader, a_refused_value_leaves_the_default) {
  Problems problems;
  Sample sample;
  read_group(sample, "&g i=1,2,3,4,5,x x=y /", problems);
  EXPECT_THAT(sample.i, ElementsAre(-1, -1, -1, -1, -1, -1));
  EXPECT_EQ(sample.x, -1);
  EXPECT_THAT(problems.all(), SizeIs(2));
}

}  // namespace
}  // namespace hindscale::test
