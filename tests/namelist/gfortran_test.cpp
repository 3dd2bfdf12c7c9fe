// SPDX-License-Identifier: Apache-2.0
// Our reader against gfortran's on the snippets of reference/namelist (outcomes made by
// make_gfortran.sh).
#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "sample.hpp"

namespace hindscale::test {
namespace {

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream file(std::string(HINDSCALE_TEST_REFERENCE) + "/namelist/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.starts_with('#')) lines.push_back(line);
  return lines;
}

std::string unescaped(std::string text) {
  const std::vector<std::pair<std::string, std::string>> escapes{
      {"\\n", "\n"}, {"\\r", "\r"}, {"\\t", "\t"}, {"\\uFEFF", "\xEF\xBB\xBF"}};
  for (const auto& [from, to] : escapes)
    for (std::size_t i = text.find(from); i != std::string::npos;
         i = text.find(from, i + to.size()))
      text.replace(i, from.size(), to);
  return text;
}

/// The values in the order and form of reader.f90, the real number as its shortest text.
std::string outcome_of(const std::string& text) {
  Problems problems;
  Sample sample;
  read_group(sample, text, problems);
  if (!problems.all().empty()) return "refused";
  std::string outcome = "accepted";
  for (const std::int64_t value : sample.i) outcome += fmt::format("\t{}", value);
  return outcome + fmt::format("\t{}\t{}\t{}", sample.x, sample.l ? "T" : "F", sample.s);
}

/// gfortran's line with its real number (field 7) rewritten as its shortest text.
std::string normalised(const std::string& line) {
  if (line == "refused") return line;
  std::istringstream stream(line);
  std::string result;
  std::string field;
  for (int i = 0; i < 9 && std::getline(stream, field, '\t'); ++i)
    result.append(i == 7 ? fmt::format("{}", std::stod(field)) : field).append(1, '\t');
  std::getline(stream, field, '\0');
  return line.ends_with('\t') ? result : result + field;
}

TEST(Gfortran, snippets_are_read_as_the_grammar_says) {
  const auto snippets = lines_of("snippets.txt");
  const auto references = lines_of("gfortran.txt");
  ASSERT_GT(snippets.size(), 100U);
  ASSERT_EQ(snippets.size(), references.size()) << "run make_gfortran.sh";
  for (std::size_t i = 0; i < snippets.size(); ++i) {
    const std::size_t tab = snippets[i].find('\t');
    const std::string relation = snippets[i].substr(0, tab);
    const std::string ours = outcome_of(unescaped(snippets[i].substr(tab + 1)));
    SCOPED_TRACE(snippets[i]);
    if (relation == "same") {
      EXPECT_EQ(ours, normalised(references[i]));
    } else {
      ASSERT_TRUE(relation == "stricter" || relation == "looser");
      EXPECT_EQ(ours == "refused", relation == "stricter");
      EXPECT_EQ(references[i] == "refused", relation == "looser");
    }
  }
}

}  // namespace
}  // namespace hindscale::test
