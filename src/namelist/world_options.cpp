// SPDX-License-Identifier: Apache-2.0
#include "hindscale/namelist/world_options.hpp"

#include <fmt/format.h>

#include <cmath>

#include "hindscale/core/commit.hpp"
#include "hindscale/namelist/option_table.hpp"
#include "hindscale/namelist/values.hpp"

namespace hindscale {
namespace {

OptionTable table_of(WorldOptions& world) {
  OptionTable table;
  table.group("world", world, "");
  return table;
}

/// Problems between options of &world that are right each for itself.
class WorldConflicts {
 public:
  WorldConflicts(WorldOptions& world, Problems& problems) : world_(world), problems_(problems) {}

  void check() {
    check_box();
    check_years("world/law_years", world_.law_years);
    check_years("world/member_years", world_.member_years);
    if (world_.first_month > world_.last_month)
      report("world/first_month", fmt::format("world/last_month is {}", world_.last_month),
             "the first month must not be after the last");
  }

 private:
  static bool divides(double step, double length) {
    const double parts = length / step;
    constexpr double tolerance = 1e-6;
    return std::abs(parts - std::round(parts)) < tolerance * std::max(1.0, parts);
  }

  void check_box() {
    if (world_.south >= world_.north || world_.west >= world_.east ||
        world_.east - world_.west >= 360) {
      report("world/east",
             fmt::format("the world is {}..{} E, {}..{} N", world_.west, world_.east, world_.south,
                         world_.north),
             "west must be less than east by less than 360, south less than north");
      return;
    }
    const double cells = std::round(world_.coarse_step / world_.fine_step);
    if (!divides(world_.fine_step, world_.coarse_step) || cells < 4 || cells > 40)
      report("world/fine_step", fmt::format("world/coarse_step is {}", world_.coarse_step),
             "a coarse cell must be 4 to 40 fine cells wide");
    if (!divides(world_.coarse_step, world_.east - world_.west) ||
        !divides(world_.coarse_step, world_.north - world_.south) ||
        world_.east - world_.west < 1.5 * world_.coarse_step ||
        world_.north - world_.south < 1.5 * world_.coarse_step)
      report("world/coarse_step",
             fmt::format("the world is {} x {} degrees", world_.east - world_.west,
                         world_.north - world_.south),
             "its sides must be at least two coarse cells and hold whole ones");
  }

  void check_years(const std::string& key, const std::vector<std::int64_t>& years) {
    if (years.empty()) return;
    if (years.size() != 2 || years[0] > years[1])
      report(key, "", "write the first and the last year");
  }

  void report(const std::string& key, const std::string& why, const std::string& advice) {
    if (problems_.concern(key)) return;
    const OptionTable table = table_of(world_);
    const auto place = world_.places.find(key);
    const bool is_set = place != world_.places.end();
    problems_.add({.problem = "conflicting value",
                   .value = text_of(table.find(key)->value()),
                   .why = why,
                   .advice = advice,
                   .file = is_set ? place->second.file : world_.file,
                   .line = is_set ? place->second.line : 0,
                   .key = key});
  }

  WorldOptions& world_;
  Problems& problems_;
};

}  // namespace

WorldOptions world_from_text(std::string_view text, const std::string& name,
                             const std::vector<std::string>& overrides) {
  Problems problems;
  WorldOptions world;
  world.file = name;
  ParsedNamelist parsed = parse_namelist(text, name, problems);
  std::vector<NamelistOverride> changes;
  for (const std::string& argument : overrides)
    if (auto change = parse_override(argument, problems)) changes.push_back(*std::move(change));
  world.places = read_into(table_of(world), parsed, changes, problems);
  world.warnings = std::move(parsed.warnings);
  WorldConflicts(world, problems).check();
  problems.throw_if_any();
  return world;
}

WorldOptions read_world(const std::filesystem::path& file,
                        const std::vector<std::string>& overrides) {
  return world_from_text(read_text(file), file.string(), overrides);
}

}  // namespace hindscale
