// SPDX-License-Identifier: Apache-2.0
// Choice of the variable that a request means.
#include "source_variable.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "hindscale/core/error.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

struct KnownVariable {
  const char* cmip_name;
  std::vector<std::string> names;  // as reanalyses call it, in small letters
  std::vector<std::string> standard_names;
};

const std::vector<KnownVariable>& known_variables() {
  static const std::vector<KnownVariable> known = {
      {"uas", {"u10", "10u", "u10m", "ugrd10m", "uwnd", "u10n"}, {"eastward_wind"}},
      {"vas", {"v10", "10v", "v10m", "vgrd10m", "vwnd", "v10n"}, {"northward_wind"}},
      {"tas", {"t2m", "2t", "tmp2m", "t2", "trefht", "air"}, {"air_temperature"}},
      {"ps", {"sp", "pressfc", "pres", "psfc"}, {"surface_air_pressure"}},
      {"pr",
       {"tp", "prate", "mtpr", "avg_tprate", "precip", "prectot", "prectotcorr"},
       {"precipitation_flux", "lwe_precipitation_rate"}},
      {"orog",
       {"z", "topo", "elevation", "rose", "hgt", "hgtsfc", "orography", "relief"},
       {"surface_altitude", "surface_geopotential", "geopotential"}},
      {"sftlf",
       {"lsm", "land", "landmask", "land_mask", "lfrac", "landfrac"},
       {"land_area_fraction", "land_binary_mask"}},
  };
  return known;
}

bool is_field(const NetcdfFile& file, int variable) {
  return file.dimensions_of(variable).size() >= 2 && file.kind_of(variable) != NumberKind::other;
}

template <class Matches>
std::vector<int> fields_where(const NetcdfFile& file, const Matches& matches) {
  std::vector<int> found;
  for (int variable = 0; variable < file.n_variables(); ++variable) {
    if (is_field(file, variable) && matches(variable)) found.push_back(variable);
  }
  return found;
}

// The only one of the candidates, nothing of none.
std::optional<int> only_one(const NetcdfFile& file, const std::vector<int>& candidates,
                            const std::string& wanted) {
  if (candidates.empty()) return std::nullopt;
  if (candidates.size() == 1) return candidates[0];
  std::vector<std::string> names;
  for (const int variable : candidates) names.push_back(file.name_of(variable));
  throw InputError({.problem = "several variables could be",
                    .value = wanted,
                    .why = fmt::format("{}", fmt::join(names, ", ")),
                    .advice = "name the one that is meant",
                    .file = file.path().string()});
}

std::optional<int> find_by_name(const NetcdfFile& file, const std::string& name) {
  if (const auto exact = file.find(name); exact && is_field(file, *exact)) return exact;
  const std::string lower = lower_case(name);
  return only_one(
      file,
      fields_where(file, [&](int variable) { return lower_case(file.name_of(variable)) == lower; }),
      name);
}

}  // namespace

std::optional<int> find_by_names(const NetcdfFile& file, const SourceRequest& request) {
  if (!request.name.empty()) return find_by_name(file, request.name);
  if (const auto found = find_by_name(file, request.variable)) return found;
  for (const KnownVariable& known : known_variables()) {
    if (request.variable != known.cmip_name) continue;
    for (const std::string& name : known.names) {
      if (const auto found = find_by_name(file, name)) return found;
    }
  }
  return std::nullopt;
}

std::optional<int> find_by_standard_name(const NetcdfFile& file, const SourceRequest& request) {
  if (!request.name.empty()) return std::nullopt;
  for (const KnownVariable& known : known_variables()) {
    if (request.variable != known.cmip_name) continue;
    const auto has_standard_name = [&](int variable) {
      return std::ranges::count(known.standard_names,
                                lower_case(file.text(variable, "standard_name"))) > 0;
    };
    return only_one(file, fields_where(file, has_standard_name), request.variable);
  }
  return std::nullopt;
}

namespace {

std::string advice_for(const NetcdfFile& file, const std::string& otherwise) {
  if (!file.has_groups()) return otherwise;
  return "fields in groups are not read: 'ncks -G :' takes them out; else " + otherwise;
}

}  // namespace

std::string advice_on_groups(const std::filesystem::path& path, const std::string& otherwise) {
  return advice_for(NetcdfFile(path), otherwise);
}

void refuse_missing_variable(const NetcdfFile& file, const SourceRequest& request,
                             std::size_t n_files) {
  std::vector<std::string> fields;
  for (const int variable : fields_where(file, [](int) { return true; })) {
    fields.push_back(file.name_of(variable));
  }
  throw InputError(
      {.problem = "no variable",
       .value = request.name.empty() ? request.variable : request.name,
       .why =
           fmt::format("{}there are {}",
                       n_files > 1 ? fmt::format("in none of {} files; in this one ", n_files) : "",
                       fields.empty() ? "no fields" : fmt::format("{}", fmt::join(fields, ", "))),
       .advice = advice_for(file, "name the variable as the file does"),
       .file = file.path().string()});
}

}  // namespace hindscale
