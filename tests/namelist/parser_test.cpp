// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/parser.hpp"

#include "sample.hpp"

namespace hindscale::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// The groups of a text without problems.
ParsedNamelist parsed(const std::string& text) {
  Problems problems;
  ParsedNamelist result = parse_namelist(text, "test.nml", problems);
  for (const ErrorFacts& facts : problems.all()) ADD_FAILURE() << message_of(facts);
  return result;
}

/// The texts of the values of the only key; "_" for a null.
std::vector<std::string> values_of(const std::string& text) {
  const ParsedNamelist result = parsed("&g k=" + text + "\n/\n");
  std::vector<std::string> texts;
  for (const NamelistValue& value : result.groups.at(0).entries.at(0).values)
    texts.push_back(value.kind == NamelistValue::Kind::null ? "_" : value.text);
  return texts;
}

/// The only problem of a text.
ErrorFacts problem_of(const std::string& text) {
  Problems problems;
  parse_namelist(text, "test.nml", problems);
  EXPECT_THAT(problems.all(), SizeIs(1)) << text;
  return problems.all().empty() ? ErrorFacts{} : problems.all().front();
}

TEST(Parser, names_are_lower_case_and_lines_are_counted) {
  const ParsedNamelist result = parsed("\n&Group\n  KEY = 1,\n 'Text'\n/\n");
  ASSERT_THAT(result.groups, SizeIs(1));
  EXPECT_EQ(result.groups[0].name, "group");
  EXPECT_EQ(result.groups[0].line, 2);
  const NamelistEntry& entry = result.groups[0].entries.at(0);
  EXPECT_EQ(entry.key, "key");
  EXPECT_EQ(entry.line, 3);
  ASSERT_THAT(entry.values, SizeIs(2));
  EXPECT_EQ(entry.values[1].text, "Text");
  EXPECT_EQ(entry.values[1].line, 4);
  EXPECT_EQ(entry.values[0].kind, NamelistValue::Kind::bare);
  EXPECT_EQ(entry.values[1].kind, NamelistValue::Kind::quoted);
}

TEST(Parser, old_group_marks_are_read) {
  EXPECT_THAT(parsed("$g k=1 $end\n&h k=2 &end\n&i k=3 &END").groups, SizeIs(3));
}

TEST(Parser, comments_end_values_and_stand_anywhere) {
  const ParsedNamelist result =
      parsed("! head\n&g ! after the name\n k=3!c\n ! line\n s='a!b' ! end\n/ ! last\n");
  EXPECT_EQ(result.groups[0].entries.at(0).values.at(0).text, "3");
  EXPECT_EQ(result.groups[0].entries.at(1).values.at(0).text, "a!b");
  EXPECT_THAT(result.warnings, IsEmpty());
}

TEST(Parser, hash_comments_are_refused_with_a_hint) {
  EXPECT_THAT(problem_of("&g\n# text\nk=1\n/\n").advice, HasSubstr("'!'"));
  EXPECT_THAT(problem_of("&g\nk=1 # text\n/\n").advice, HasSubstr("'!'"));
  EXPECT_EQ(problem_of("&g\nk=1 # text\n/\n").line, 2);
}

TEST(Parser, values_are_separated_by_commas_blanks_tabs_and_line_ends) {
  EXPECT_THAT(values_of("1,2 3\t4\n5 ,6"), ElementsAre("1", "2", "3", "4", "5", "6"));
  EXPECT_THAT(values_of("'a''b' \"c\"\"d\" '' 'e'"), ElementsAre("a'b", "c\"d", "", "e"));
}

TEST(Parser, semicolons_are_refused) {
  EXPECT_EQ(problem_of("&g i=1; x=2 /\n/\n").value, ";");
  EXPECT_EQ(problem_of("&g\n; x=2\n/\n").problem, "text where a key is expected");
}

TEST(Parser, a_line_that_begins_with_a_comma_is_refused) {
  const ErrorFacts facts = problem_of("&g k=1\n ,2\n/\n");
  EXPECT_EQ(facts.problem, "line begins with a comma");
  EXPECT_EQ(facts.line, 2);
}

TEST(Parser, repeats_are_expanded_and_nulls_kept) {
  EXPECT_THAT(values_of("3*7"), ElementsAre("7", "7", "7"));
  EXPECT_THAT(values_of("2*'a b' 1"), ElementsAre("a b", "a b", "1"));
  EXPECT_THAT(values_of("2*"), ElementsAre("_", "_"));
  EXPECT_THAT(values_of("1,,3"), ElementsAre("1", "_", "3"));
  EXPECT_THAT(values_of(",1,"), ElementsAre("_", "1"));
  EXPECT_THAT(values_of(""), IsEmpty());
}

TEST(Parser, impossible_repeats_are_refused) {
  EXPECT_EQ(problem_of("&g k=0*5\n/\n").value, "0*");
  EXPECT_EQ(problem_of("&g k=2*3*4\n/\n").problem, "repeat of a repeat");
  EXPECT_EQ(problem_of("&g k=1000000000*4\n/\n").problem, "impossible repeat count");
  EXPECT_EQ(problem_of("&g k=99999*1 99999*1\n/\n").problem, "too many values");
}

TEST(Parser, index_ranges_are_read) {
  const ParsedNamelist result = parsed("&g a(2:4)=1 b(1:6:2)=1 c(6)=1 d(3:)=1 e(:2)=1 f=1\n/");
  const auto& entries = result.groups[0].entries;
  ASSERT_THAT(entries, SizeIs(6));
  EXPECT_EQ(entries[0].range->start, 2);
  EXPECT_EQ(entries[0].range->stop, 4);
  EXPECT_EQ(entries[1].range->stride, 2);
  EXPECT_EQ(entries[2].range->start, 6);
  EXPECT_EQ(entries[2].range->stop, 6);
  EXPECT_EQ(entries[3].range->stop, std::nullopt);
  EXPECT_EQ(entries[4].range->start, 1);
  EXPECT_FALSE(entries[5].range.has_value());
}

TEST(Parser, unreadable_indices_and_derived_types_are_refused) {
  for (const char* index : {"()", "(a)", "(1,2)", "(1:2:0)", "(1:2:3:4)", "(1"})
    EXPECT_EQ(problem_of(std::string("&g k") + index + "=3\n/\n").problem, "unreadable index")
        << index;
  EXPECT_EQ(problem_of("&g q(1)%a=3\n/\n").value, "%");
}

TEST(Parser, line_ends_of_windows_tabs_and_byte_order_mark_are_read) {
  const ParsedNamelist result = parsed("\xEF\xBB\xBF&g\r\n\tk\t=\t'a'\r\n/\r\n");
  EXPECT_EQ(result.groups.at(0).entries.at(0).values.at(0).text, "a");
}

TEST(Parser, the_last_line_needs_no_end) {
  EXPECT_THAT(parsed("&g k=1 /").groups, SizeIs(1));
}

TEST(Parser, an_open_text_is_refused_in_its_line) {
  const ErrorFacts facts = problem_of("&g\nk='a\nb=2\n/\n");
  EXPECT_EQ(facts.problem, "text without its closing quote");
  EXPECT_EQ(facts.line, 2);
  EXPECT_EQ(facts.key, "g/k");
}

TEST(Parser, an_open_group_is_refused_in_the_line_where_it_began) {
  EXPECT_EQ(problem_of("\n&g\nk=1\n").line, 2);
  EXPECT_EQ(problem_of("\n&g\nk=1\n&h k=2 /\n").line, 2);
  EXPECT_EQ(problem_of("&g k=1\n&h k=2 /\n").problem, "group is not closed");
}

TEST(Parser, text_between_groups_is_ignored_with_a_warning) {
  const ParsedNamelist result = parsed("A title\n&g k=1 / more\n");
  EXPECT_THAT(result.warnings, ElementsAre(HasSubstr("test.nml:1"), HasSubstr("'more'")));
}

TEST(Parser, assignments_outside_a_group_are_refused) {
  EXPECT_EQ(problem_of("g\nk=1\n/\n").problem, "assignment outside a group");
  EXPECT_EQ(problem_of("&g d=a/b\n k=2\n/\n").line, 2);
}

TEST(Parser, missing_separators_and_values_are_refused) {
  EXPECT_EQ(problem_of("&g k='a'b\n/\n").problem, "missing separator after");
  EXPECT_EQ(problem_of("&g k=5'a'\n/\n").problem, "missing separator after");
  EXPECT_EQ(problem_of("&g k\n/\n").problem, "key without a value");
  EXPECT_EQ(problem_of("&g k 5\n/\n").problem, "key without a value");
  EXPECT_EQ(problem_of("&g\n5\n/\n").problem, "text where a key is expected");
  EXPECT_EQ(problem_of("&g x=1\n 2x=3\n/\n").value, "=");
}

TEST(Parser, all_problems_are_reported) {
  Problems problems;
  parse_namelist("&g\na='x\nb=0*1\n# c\nd(=1\ne=5\n/\n", "test.nml", problems);
  std::vector<int> lines;
  for (const ErrorFacts& facts : problems.all()) lines.push_back(facts.line);
  EXPECT_THAT(lines, ElementsAre(2, 3, 4, 5));
}

TEST(Parser, any_bytes_end_without_a_crash) {
  const std::string alphabet = "&$/g k='\"!,;#*(:)%=1\n\r\t .T\0\xC3";
  unsigned state = 1;
  for (int i = 0; i < 20000; ++i) {
    std::string text = "&g ";
    for (int n = 0; n < 24; ++n) {
      state = state * 1664525U + 1013904223U;
      text += alphabet[(state >> 16U) % alphabet.size()];
    }
    Problems problems;
    Sample sample;
    read_group(sample, text, problems);
    EXPECT_EQ(sample.i.size(), 6U);
  }
}

}  // namespace
}  // namespace hindscale::test
