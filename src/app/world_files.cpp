// SPDX-License-Identifier: Apache-2.0
#include "world_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "stage_support.hpp"

namespace hindscale {
namespace fs = std::filesystem;
using world::n_variables;

namespace {

constexpr const char* recipe_attribute = "world";
constexpr const char* invented =
    "Invented weather over real topography, generated for tests of downscaling. No observations, "
    "no "
    "climate model.";

/// How ERA5-Land gives a variable: its name, unit and packing, and the factor from ours.
struct GivenAs {
  const char* name;
  const char* units;
  const char* long_name;
  const char* standard_name;
  double scale_factor, add_offset;  // exact in binary; offset and zero are whole steps
  float factor;
};

// Steps of 0.002 m/s, 0.002 K, 1.25 Pa and 0.004 mm a day.
constexpr std::array<GivenAs, n_variables> fine_forms{{
    {"u10", "m s**-1", "10 metre U wind component", "", 0x1p-9, 0, 1},
    {"v10", "m s**-1", "10 metre V wind component", "", 0x1p-9, 0, 1},
    {"t2m", "K", "2 metre temperature", "", 0x1p-9, 270, 1},
    {"sp", "Pa", "Surface pressure", "surface_air_pressure", 1.25, 70000, 1},
    {"tp", "m", "Total precipitation", "", 0x1p-18, 0x1p-18 * 32500, 86.4F},
}};

// As the Physical Sciences Laboratory gives 20CRv3.
constexpr std::array<GivenAs, n_variables> coarse_forms{{
    {"uwnd", "m/s", "Monthly U-wind at 10 m", "eastward_wind", 0, 0, 1},
    {"vwnd", "m/s", "Monthly V-wind at 10 m", "northward_wind", 0, 0, 1},
    {"air", "degK", "Monthly Air Temperature at 2 m", "air_temperature", 0, 0, 1},
    {"pres", "Pa", "Monthly Pressure at Surface", "surface_air_pressure", 0, 0, 1},
    {"prate", "kg/m^2/s", "Monthly Precipitation Rate", "precipitation_flux", 0, 0, 1},
}};

std::vector<GivenVariable> variables_as(const std::array<GivenAs, n_variables>& forms) {
  std::vector<GivenVariable> variables;
  for (const GivenAs& form : forms) {
    GivenVariable variable{form.name,
                           {{"units", form.units}, {"long_name", form.long_name}},
                           form.scale_factor,
                           form.add_offset};
    if (*form.standard_name != '\0')
      variable.attributes.emplace_back("standard_name", form.standard_name);
    variables.push_back(std::move(variable));
  }
  return variables;
}

std::vector<Month> months_between(Month first, Month last) {
  std::vector<Month> months;
  for (Month month = first; month <= last; month = month + 1) months.push_back(month);
  return months;
}

}  // namespace

WorldFiles::WorldFiles(const WorldOptions& options, const std::string& relief_sha256)
    : options_(options),
      relief_sha256_(relief_sha256),
      folder_(options.directory),
      world_(options) {}

std::vector<WorldUnit> WorldFiles::units() const {
  using Kind = WorldUnit::Kind;
  std::vector<WorldUnit> units{{Kind::statics, 0}, {Kind::coarse, 0}};
  if (options_.members > 0) units.insert(units.begin(), {Kind::reanalysis_mean, 0});
  for (int member = 1; member <= static_cast<int>(options_.members); ++member)
    units.push_back({Kind::member, member});
  if (options_.law_years.size() == 2)
    for (auto year = options_.law_years[0]; year <= options_.law_years[1]; ++year)
      units.push_back({Kind::law, static_cast<int>(year)});
  if (options_.law_years.size() == 2 && options_.law_members > 0)
    for (auto year = options_.law_years[0]; year <= options_.law_years[1]; ++year)
      units.push_back({Kind::law_members, static_cast<int>(year)});
  const int first = Month::parse(options_.first_month).year();
  const int last = Month::parse(options_.last_month).year();
  for (int year = first; year <= last; ++year) units.push_back({Kind::fine, year});
  return units;
}

std::vector<Month> WorldFiles::months_of(const WorldUnit& unit) const {
  const Month first = Month::parse(options_.first_month), last = Month::parse(options_.last_month);
  const auto year_of = [&](std::size_t i) { return static_cast<int>(options_.member_years[i]); };
  switch (unit.kind) {
    case WorldUnit::Kind::statics:
      return {};
    case WorldUnit::Kind::coarse:
      return months_between(first, last);
    case WorldUnit::Kind::reanalysis_mean:
    case WorldUnit::Kind::member:
      return months_between({year_of(0), 1}, {year_of(1), 12});
    case WorldUnit::Kind::fine:
      return months_between(std::max(first, Month(unit.number, 1)),
                            std::min(last, Month(unit.number, 12)));
    case WorldUnit::Kind::law:
    case WorldUnit::Kind::law_members:
      return months_between({unit.number, 1}, {unit.number, 12});
  }
  return {};
}

std::vector<fs::path> WorldFiles::paths_of(const WorldUnit& unit) const {
  switch (unit.kind) {
    case WorldUnit::Kind::statics:
      return {folder_ / "era5land" / "elevation.nc", folder_ / "era5land" / "lsm.nc"};
    case WorldUnit::Kind::coarse:
      return {folder_ / "20crv3" / "20crv3.mon.mean.nc"};
    case WorldUnit::Kind::reanalysis_mean:
      return {folder_ / "reanalysis" / "mean.nc"};
    case WorldUnit::Kind::member:
      return {folder_ / "reanalysis" / fmt::format("mem{:03}.nc", unit.number)};
    case WorldUnit::Kind::fine:
      return {folder_ / "era5land" / fmt::format("era5land_{:04}.nc", unit.number)};
    case WorldUnit::Kind::law:
    case WorldUnit::Kind::law_members:
      break;
  }
  std::vector<fs::path> paths;
  for (const LawFile& file : law_files(unit)) paths.push_back(file.path);
  return paths;
}

std::string WorldFiles::recipe_of(const WorldUnit& unit) const {
  const WorldOptions& o = options_;
  std::string text = fmt::format("relief {}; {}..{} E, {}..{} N; steps {}, {}", relief_sha256_,
                                 o.west, o.east, o.south, o.north, o.fine_step, o.coarse_step);
  if (unit.kind == WorldUnit::Kind::statics) return text;
  text += fmt::format("; seed {}; warming_k {}", o.seed, o.warming_k);
  if (unit.kind == WorldUnit::Kind::fine || unit.kind == WorldUnit::Kind::law_members)
    text += fmt::format("; realization {}", o.realization);
  if (unit.kind == WorldUnit::Kind::law)
    text += fmt::format("; law_draws {}; law_quantiles {}", o.law_draws, o.law_quantiles);
  if (unit.kind == WorldUnit::Kind::member || unit.kind == WorldUnit::Kind::reanalysis_mean)
    text += fmt::format("; member {} of {}; member_doubt {}, {}", unit.number,
                        unit.number == 0 ? o.members : 0, o.member_doubt[0], o.member_doubt[1]);
  const std::vector<Month> months = months_of(unit);
  return text +
         fmt::format("; months {} to {}", months.front().to_string(), months.back().to_string());
}

bool WorldFiles::is_finished(const WorldUnit& unit) const {
  for (const fs::path& path : paths_of(unit)) {
    if (!fs::exists(path)) return false;
    if (global_attribute(path, recipe_attribute) == recipe_of(unit)) continue;
    throw InputError({.problem = "the file was made with other options",
                      .value = global_attribute(path, recipe_attribute),
                      .why = "this run: " + recipe_of(unit),
                      .advice = "choose another world/directory, or remove the file",
                      .file = path.string()});
  }
  return true;
}

std::uintmax_t WorldFiles::bytes() const {
  const std::uintmax_t fine = world_.ground().fine.land.size(),
                       coarse = world_.ground().coarse.land.size();
  std::uintmax_t sum = 0;
  for (const WorldUnit& unit : units()) {
    const std::uintmax_t n_months = months_of(unit).size();
    constexpr std::uintmax_t header = 10000;
    switch (unit.kind) {
      case WorldUnit::Kind::statics:
        sum += 2 * (fine * sizeof(float) + header);
        break;
      case WorldUnit::Kind::fine:
        sum += n_months * n_variables * fine * sizeof(short) + header;
        break;
      case WorldUnit::Kind::law:
        sum += n_months * fine * sizeof(float) *
                   (2 * n_variables + static_cast<std::uintmax_t>(options_.law_quantiles)) +
               11 * header;
        break;
      case WorldUnit::Kind::law_members:
        sum += static_cast<std::uintmax_t>(options_.law_members) * n_variables *
               (n_months * fine * sizeof(float) + header);
        break;
      default:
        sum += n_months * n_variables * coarse * sizeof(float) + header;
    }
  }
  return sum;
}

TextAttributes WorldFiles::attributes_of(const WorldUnit& unit, const std::string& title) const {
  return {{"title", title},
          {"source", program_version() + " world"},
          {"comment", invented},
          {recipe_attribute, recipe_of(unit)}};
}

void WorldFiles::make(const WorldUnit& unit) const {
  for (const fs::path& path : paths_of(unit)) make_directory(path.parent_path());
  switch (unit.kind) {
    case WorldUnit::Kind::statics:
      return make_statics(unit);
    case WorldUnit::Kind::fine:
      return make_fine(unit);
    case WorldUnit::Kind::law:
      return make_law(unit);
    case WorldUnit::Kind::law_members:
      return make_law_members(unit);
    default:
      return make_coarse(unit);
  }
}

void WorldFiles::make_statics(const WorldUnit& unit) const {
  const world::Terrain& terrain = world_.ground().fine;
  const std::array<std::pair<GivenVariable, const world::Field&>, 2> files{{
      {{"elevation",
        {{"units", "m"},
         {"long_name", "Height above sea level"},
         {"standard_name", "surface_altitude"}}},
       terrain.height_m},
      {{"lsm",
        {{"units", "(0 - 1)"},
         {"long_name", "Land-sea mask"},
         {"standard_name", "land_binary_mask"}}},
       terrain.land},
  }};
  for (std::size_t i = 0; i < files.size(); ++i) {
    Array<float, 2> field(files[i].second.shape());
    std::ranges::transform(files[i].second.flat(), field.data(),
                           [](double value) { return static_cast<float>(value); });
    GivenFile file({.path = paths_of(unit)[i],
                    .grid = &world_.domain().fine,
                    .variables = {files[i].first},
                    .attributes = attributes_of(unit, "Topography, conservatively remapped")});
    file.write(0, 0, field);
    file.commit();
  }
}

Array<float, 3> WorldFiles::coarse_of(const WorldUnit& unit, Month month) const {
  if (unit.kind == WorldUnit::Kind::coarse) return world_.coarse(month);
  if (unit.kind == WorldUnit::Kind::member) return world_.member(month, unit.number);
  return world_.member_mean(month);
}

void WorldFiles::make_coarse(const WorldUnit& unit) const {
  const std::vector<Month> months = months_of(unit);
  GivenFile file({.path = paths_of(unit).front(),
                  .style = GivenStyle::psl,
                  .grid = &world_.domain().coarse,
                  .variables = variables_as(coarse_forms),
                  .months = months,
                  .attributes = attributes_of(unit, "Monthly means of an invented world")});
  for (std::size_t i_month = 0; i_month < months.size(); ++i_month) {
    const Array<float, 3> fields = coarse_of(unit, months[i_month]);
    for (std::size_t v = 0; v < n_variables; ++v) file.write(i_month, v, fields[v]);
  }
  file.commit();
}

bool WorldFiles::is_masked(std::size_t i) const {
  return world_.ground().fine.land.flat()[i] < 0.5;
}

void WorldFiles::make_fine(const WorldUnit& unit) const {
  const std::vector<Month> months = months_of(unit);
  GivenFile file(
      {.path = paths_of(unit).front(),
       .grid = &world_.domain().fine,
       .variables = variables_as(fine_forms),
       .months = months,
       .attributes = attributes_of(unit, "Monthly means of an invented world, land only")});
  for (std::size_t i_month = 0; i_month < months.size(); ++i_month) {
    Array<float, 3> fields =
        world_.fine(months[i_month], static_cast<std::uint64_t>(options_.realization));
    for (std::size_t v = 0; v < n_variables; ++v) {
      const View<float, 2> field = fields[v];
      for (std::size_t i = 0; i < field.size(); ++i)
        field.data()[i] = is_masked(i) ? std::numeric_limits<float>::quiet_NaN()
                                       : field.data()[i] * fine_forms[v].factor;
      file.write(i_month, v, field);
    }
  }
  file.commit();
}

}  // namespace hindscale
