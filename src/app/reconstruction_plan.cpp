// SPDX-License-Identifier: Apache-2.0
#include "reconstruction_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <regex>

namespace hindscale {
namespace {

std::string compact(Month month) {
  return fmt::format("{:04d}{:02d}", month.year(), month.of_year() + 1);
}

std::string range_text(const Segment& segment) {
  return compact(segment.first) + "-" + compact(segment.last);
}

Month month_of(const std::string& compact_text) {
  return {std::stoi(compact_text.substr(0, 4)), std::stoi(compact_text.substr(4, 2))};
}

}  // namespace

std::vector<Month> Segment::months() const {
  std::vector<Month> all;
  for (Month month = first; month <= last; month = month + 1) all.push_back(month);
  return all;
}

std::string member_file(const std::string& variable, int member, const Segment& segment) {
  return fmt::format("{}_r{:03d}_{}.nc", variable, member, range_text(segment));
}

std::string statistics_file(const std::string& variable, const std::string& kind,
                            const Segment& segment) {
  return fmt::format("{}_{}_{}.nc", variable, kind, range_text(segment));
}

std::vector<Segment> segments_of(const std::vector<std::string>& file_names) {
  static const std::regex pattern(R"(.*_(?:r\d+|mean|std|quantiles)_(\d{6})-(\d{6})\.nc)");
  std::set<Segment> found;
  for (const std::string& name : file_names) {
    std::smatch match;
    if (std::regex_match(name, match, pattern))
      found.insert({month_of(match[1]), month_of(match[2])});
  }
  return {found.begin(), found.end()};
}

bool is_archive_file(const std::vector<std::string>& variables, const std::string& name) {
  static const std::regex pattern(R"(_(r\d+|mean|std|quantiles)_\d{6}-\d{6}\.nc)");
  return std::any_of(variables.begin(), variables.end(), [&](const std::string& variable) {
    const std::string kind = name.substr(std::min(name.size(), variable.size()));
    return name.starts_with(variable) && std::regex_match(kind, pattern);
  });
}

bool holds_month(const std::vector<Segment>& segments, Month month) {
  return std::any_of(segments.begin(), segments.end(), [&](const Segment& segment) {
    return segment.first <= month && month <= segment.last;
  });
}

std::vector<Segment> plan_segments(const Segment& months, int years_per_file,
                                   const std::vector<Segment>& existing) {
  std::set<Segment> planned;
  const auto block_of_month = [&](Month month) { return month.year() / years_per_file; };
  for (Month month = months.first; month <= months.last;) {
    const auto holder = std::find_if(existing.begin(), existing.end(), [&](const Segment& s) {
      return s.first <= month && month <= s.last;
    });
    if (holder != existing.end()) {
      planned.insert(*holder);
      month = holder->last + 1;
      continue;
    }
    Segment segment{month, month};
    const auto is_free = [&](Month next) {
      return next <= months.last && block_of_month(next) == block_of_month(month) &&
             std::none_of(existing.begin(), existing.end(),
                          [&](const Segment& s) { return s.first <= next && next <= s.last; });
    };
    while (is_free(segment.last + 1)) segment.last = segment.last + 1;
    planned.insert(segment);
    month = segment.last + 1;
  }
  return {planned.begin(), planned.end()};
}

std::size_t ReconstructionPlan::segments_in_work(std::size_t n_groups) const {
  std::map<Segment, std::size_t> units_of;
  for (const Unit& unit : units) ++units_of[unit.segment];
  std::size_t fewest = SIZE_MAX;
  for (const auto& [segment, n] : units_of) fewest = std::min(fewest, n);
  if (units_of.empty()) return 0;
  return std::min(units_of.size(), (n_groups + fewest - 1) / fewest + 1);
}

std::vector<Month> ReconstructionPlan::months() const {
  std::vector<Month> all;
  for (const Segment& segment : segments) {
    const auto own = segment.months();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

bool member_is_finished(const std::vector<std::string>& variables, int member,
                        const Segment& segment, const std::set<std::string>& finished) {
  return std::all_of(variables.begin(), variables.end(), [&](const std::string& variable) {
    return finished.count(member_file(variable, member, segment)) != 0;
  });
}

ReconstructionPlan plan_reconstruction(const Options& options,
                                       const std::set<std::string>& finished,
                                       const std::set<Segment>& condensed) {
  ReconstructionPlan plan;
  plan.variables = options.dataset.variables;
  plan.condensed = condensed;
  const Segment asked{Month::parse(options.first_month()), Month::parse(options.last_month())};
  if (asked.last < asked.first) {
    ErrorFacts facts = options.at("reconstruct/last_month");
    facts.problem = "last month before the first";
    facts.value = options.last_month();
    facts.why = "the first is " + options.first_month();
    throw InputError(facts);
  }
  plan.segments = plan_segments(asked, static_cast<int>(options.output.years_per_file),
                                segments_of({finished.begin(), finished.end()}));
  for (std::int64_t i = 0; i < options.ensemble.members; ++i) {
    plan.members.push_back(static_cast<int>(options.ensemble.first_member + i));
  }
  const auto members_per_unit = static_cast<int>(options.ensemble.members_per_unit);
  for (const Segment& segment : plan.segments) {
    if (condensed.count(segment) != 0) continue;
    for (const int member : plan.members) {
      if (member_is_finished(plan.variables, member, segment, finished)) continue;
      const bool joins = !plan.units.empty() && plan.units.back().segment == segment &&
                         (plan.units.back().members.front() - 1) / members_per_unit ==
                             (member - 1) / members_per_unit;
      if (joins) {
        plan.units.back().members.push_back(member);
      } else {
        plan.units.push_back({segment, {member}});
      }
    }
  }
  return plan;
}

}  // namespace hindscale
