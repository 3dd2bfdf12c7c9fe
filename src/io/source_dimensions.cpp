// SPDX-License-Identifier: Apache-2.0
// Recognition of the axes of a variable.
#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <sstream>

#include "hindscale/core/error.hpp"
#include "hindscale/time/axis.hpp"
#include "source_variable.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

enum class Role { none, latitude, longitude, time };

constexpr const char* remap_advice =
    "remap it to latitude and longitude first, for instance with cdo remapbil";

bool is_one_of(const std::string& text, std::initializer_list<const char*> list) {
  return std::ranges::any_of(list, [&](const char* item) { return text == item; });
}

bool may_be_degrees(const std::string& units) {
  return units.empty() || units.starts_with("degree") || units == "deg" || units == "1";
}

bool are_of_latitude(const std::string& units) {
  return is_one_of(
      units, {"degrees_north", "degree_north", "degrees_n", "degree_n", "degreesn", "degreen"});
}

bool are_of_longitude(const std::string& units) {
  return is_one_of(units,
                   {"degrees_east", "degree_east", "degrees_e", "degree_e", "degreese", "degreee"});
}

Role role_by_attributes(const NetcdfFile& file, int coordinate) {
  const std::string standard_name = lower_case(file.text(coordinate, "standard_name"));
  const std::string units = lower_case(trimmed(file.text(coordinate, "units")));
  const std::string axis = lower_case(file.text(coordinate, "axis"));
  if (is_one_of(standard_name, {"grid_latitude", "grid_longitude"})) {
    throw InputError({.problem = "rotated grid",
                      .value = file.name_of(coordinate),
                      .advice = remap_advice,
                      .file = file.path().string()});
  }
  if (is_one_of(standard_name, {"latitude", "longitude"}) && units.starts_with("rad")) {
    throw InputError({.problem = "coordinate that is not in degrees",
                      .value = file.name_of(coordinate),
                      .why = fmt::format("its units are '{}'", units),
                      .advice = "convert it, for instance with ncap2",
                      .file = file.path().string()});
  }
  if (standard_name == "latitude") return Role::latitude;
  if (standard_name == "longitude") return Role::longitude;
  if (standard_name == "time") return Role::time;
  if (standard_name == "forecast_reference_time") return Role::none;
  if (are_of_latitude(units)) return Role::latitude;
  if (are_of_longitude(units)) return Role::longitude;
  if (is_time_units(file.text(coordinate, "units"))) return Role::time;
  if (axis == "y" && may_be_degrees(units)) return Role::latitude;
  if (axis == "x" && may_be_degrees(units)) return Role::longitude;
  return axis == "t" ? Role::time : Role::none;
}

Role role_by_name(const NetcdfFile& file, int coordinate) {
  const std::string name = lower_case(file.name_of(coordinate));
  const std::string units = lower_case(trimmed(file.text(coordinate, "units")));
  if (is_one_of(name, {"time", "valid_time", "date", "t"})) return Role::time;
  if (!may_be_degrees(units)) return Role::none;
  if (is_one_of(name, {"lat", "latitude", "lats", "y"})) return Role::latitude;
  if (is_one_of(name, {"lon", "longitude", "lons", "x"})) return Role::longitude;
  return Role::none;
}

// One-dimensional numeric variables over a dimension, the one of its own name first.
std::vector<int> coordinates_of(const NetcdfFile& file, const NetcdfDimension& dimension) {
  std::vector<int> found;
  for (int variable = 0; variable < file.n_variables(); ++variable) {
    if (file.kind_of(variable) == NumberKind::other) continue;
    const auto dimensions = file.dimensions_of(variable);
    if (dimensions.size() == 1 && dimensions[0].id == dimension.id) found.push_back(variable);
  }
  std::ranges::stable_partition(
      found, [&](int variable) { return file.name_of(variable) == dimension.name; });
  return found;
}

struct Coordinate {
  Role role = Role::none;
  int variable = 0;
};

Coordinate coordinate_of(const NetcdfFile& file, const NetcdfDimension& dimension) {
  const std::vector<int> candidates = coordinates_of(file, dimension);
  for (const auto role_of : {role_by_attributes, role_by_name}) {
    for (const int variable : candidates) {
      const Role role = role_of(file, variable);
      if (role != Role::none) return {role, variable};
    }
  }
  return {};
}

[[noreturn]] void refuse_dimension(const NetcdfFile& file, int variable,
                                   const NetcdfDimension& dimension) {
  throw InputError(
      {.problem = "unexpected dimension",
       .value = dimension.name,
       .why = fmt::format("of length {} in variable {}", dimension.length, file.name_of(variable)),
       .advice =
           "fields need latitude, longitude and at most time; select one of its elements, for "
           "instance with ncks -d",
       .file = file.path().string()});
}

void require_horizontal(const NetcdfFile& file, int variable, bool found, const char* axis) {
  if (found) return;
  std::string dimensions;
  for (const NetcdfDimension& dimension : file.dimensions_of(variable)) {
    dimensions += (dimensions.empty() ? "" : ", ") + dimension.name;
  }
  throw InputError(
      {.problem = fmt::format("no {} axis for variable", axis),
       .value = file.name_of(variable),
       .why = fmt::format("its dimensions are {}", dimensions),
       .advice = "regular latitude-longitude grids with coordinates in degrees are needed",
       .file = file.path().string()});
}

/// Numbers of rows and columns are no degrees: where the field's coordinates have two dimensions,
/// its axes are not latitude and longitude.
void refuse_curvilinear(const NetcdfFile& file, int variable, int axis) {
  if (!trimmed(file.text(axis, "units")).empty() && trimmed(file.text(axis, "units")) != "1")
    return;
  std::vector<int> coordinates;
  std::istringstream names(file.text(variable, "coordinates"));
  for (std::string name; names >> name;)
    if (const auto coordinate = file.find(name)) coordinates.push_back(*coordinate);
  for (int other = 0; other < file.n_variables(); ++other) {  // where nothing names them
    const std::string units = lower_case(trimmed(file.text(other, "units")));
    if (are_of_latitude(units) || are_of_longitude(units)) coordinates.push_back(other);
  }
  for (const int coordinate : coordinates) {
    if (file.dimensions_of(coordinate).size() < 2) continue;
    throw InputError(
        {.problem = "curvilinear grid",
         .value = file.name_of(coordinate),
         .why = fmt::format("it has two dimensions, and {} no unit", file.name_of(axis)),
         .advice = remap_advice,
         .file = file.path().string()});
  }
}

/// Axes of a projection are not latitude and longitude, whatever their units.
void refuse_projection(const NetcdfFile& file, int variable) {
  const std::string named = trimmed(file.text(variable, "grid_mapping"));
  const auto mapping = file.find(named.substr(0, named.find_first_of(": ")));
  if (named.empty() || !mapping) return;
  const std::string kind = trimmed(lower_case(file.text(*mapping, "grid_mapping_name")));
  if (kind.empty() || kind == "latitude_longitude") return;
  throw InputError({.problem = "grid of another projection",
                    .value = kind,
                    .why = fmt::format("grid_mapping of {} is {}", file.name_of(variable),
                                       file.name_of(*mapping)),
                    .advice = remap_advice,
                    .file = file.path().string()});
}

}  // namespace

FieldDimensions find_dimensions(const NetcdfFile& file, int variable) {
  refuse_projection(file, variable);
  FieldDimensions found;
  std::optional<FieldDimensions::Place> latitude;
  std::optional<FieldDimensions::Place> longitude;
  std::optional<NetcdfDimension> other;
  const std::vector<NetcdfDimension> dimensions = file.dimensions_of(variable);
  found.rank = dimensions.size();
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const Coordinate coordinate = coordinate_of(file, dimensions[i]);
    const FieldDimensions::Place place{i, coordinate.variable, dimensions[i].length};
    if (coordinate.role == Role::latitude && !latitude) {
      latitude = place;
    } else if (coordinate.role == Role::longitude && !longitude) {
      longitude = place;
    } else if (coordinate.role == Role::time && !found.time) {
      found.time = place;
    } else if (lower_case(dimensions[i].name) == "expver" && place.length > 1) {
      found.expver = place;
    } else if (place.length != 1) {
      other = dimensions[i];
    }
  }
  require_horizontal(file, variable, latitude.has_value(), "latitude");
  require_horizontal(file, variable, longitude.has_value(), "longitude");
  if (other) refuse_dimension(file, variable, *other);
  for (const FieldDimensions::Place& place : {*latitude, *longitude})
    refuse_curvilinear(file, variable, place.coordinate);
  found.latitude = *latitude;
  found.longitude = *longitude;
  return found;
}

}  // namespace hindscale
