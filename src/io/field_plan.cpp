// SPDX-License-Identifier: Apache-2.0
#include "field_plan.hpp"

#include <utility>

#include "hindscale/core/error.hpp"
#include "hindscale/time/axis.hpp"

namespace hindscale {
namespace {

using Type = VariablePlan::Type;

/// Text attributes without a value are left out.
void add_text(std::vector<AttributePlan>& attributes, std::string name, std::string text) {
  if (!text.empty()) attributes.push_back({std::move(name), std::move(text)});
}

int add_dimension(FilePlan& plan, std::string name, std::size_t length) {
  plan.dimensions.push_back({std::move(name), length});
  return static_cast<int>(plan.dimensions.size()) - 1;
}

int add_variable(FilePlan& plan, VariablePlan variable) {
  plan.variables.push_back(std::move(variable));
  return static_cast<int>(plan.variables.size()) - 1;
}

/// Lower and upper edge of each cell, as CF wants them.
std::vector<double> bounds_of(const std::vector<double>& edges) {
  std::vector<double> bounds;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    bounds.insert(bounds.end(), {edges[i], edges[i + 1]});
  }
  return bounds;
}

struct AxisText {
  const char* name;
  const char* standard_name;
  const char* units;
  const char* axis;
};

void add_axis(FilePlan& plan, const Axis& axis, const AxisText& text, int dimension, int bounds) {
  const std::string bounds_name = std::string(text.name) + "_bnds";
  add_variable(plan, {.name = text.name,
                      .dimensions = {dimension},
                      .attributes = {{"standard_name", text.standard_name},
                                     {"long_name", text.standard_name},
                                     {"units", text.units},
                                     {"axis", text.axis},
                                     {"bounds", bounds_name}},
                      .values = axis.centre});
  add_variable(plan, {.name = bounds_name,
                      .dimensions = {dimension, bounds},
                      .attributes = {},
                      .values = bounds_of(axis.edge)});
}

void add_time(FilePlan& plan, int dimension, int bounds) {
  plan.time = add_variable(plan, {.name = "time",
                                  .dimensions = {dimension},
                                  .attributes = {{"standard_name", "time"},
                                                 {"long_name", "time"},
                                                 {"units", output_time_units},
                                                 {"calendar", time_calendar},
                                                 {"axis", "T"},
                                                 {"bounds", "time_bnds"}},
                                  .values = {}});
  plan.time_bounds = add_variable(
      plan,
      {.name = "time_bnds", .dimensions = {dimension, bounds}, .attributes = {}, .values = {}});
}

/// Scalar coordinates and the quantile axis; returns the text of the attribute `coordinates`.
std::string add_scalars(FilePlan& plan, const FieldFileSpec& spec) {
  std::string coordinates;
  if (spec.height_m) {
    VariablePlan height{.name = "height",
                        .dimensions = {},
                        .attributes = {{"standard_name", "height"},
                                       {"long_name", "height above the surface"},
                                       {"units", "m"}},
                        .values = {*spec.height_m}};
    // CDO refuses a variable that has both a scalar vertical axis and another axis in its place.
    if (spec.quantiles.empty()) {
      height.attributes.push_back({"axis", "Z"});
      height.attributes.push_back({"positive", "up"});
    }
    add_variable(plan, std::move(height));
    coordinates = "height";
  }
  if (spec.realization) {
    add_variable(plan, {.name = "realization",
                        .type = Type::int32,
                        .dimensions = {},
                        .attributes = {{"standard_name", "realization"},
                                       {"long_name", "ensemble member"},
                                       {"units", "1"}},
                        .values = {static_cast<double>(*spec.realization)}});
    coordinates += coordinates.empty() ? "realization" : " realization";
  }
  return coordinates;
}

/// CF-1.11: says whether a temperature may be converted with its offset. A spread is a difference.
std::string units_metadata(const FieldFileSpec& spec) {
  if (spec.units != "K" && spec.units != "degC") return {};
  const bool spread = spec.cell_methods.find("standard_deviation") != std::string::npos;
  return spread ? "temperature: difference" : "temperature: on_scale";
}

/// CF-1.12, section 8.4.2: how the values were rounded.
void add_quantization(FilePlan& plan, VariablePlan& data, const FieldFileSpec& spec,
                      const std::string& quantizer) {
  add_variable(plan, {.name = "quantization_info",
                      .type = Type::character,
                      .dimensions = {},
                      .attributes = {{"algorithm", "bitround"}, {"implementation", quantizer}},
                      .values = {}});
  data.attributes.push_back({"quantization", "quantization_info"});
  data.attributes.push_back({"quantization_nsb", spec.keep_bits});
}

VariablePlan data_of(const FieldFileSpec& spec, const std::string& coordinates) {
  VariablePlan data{
      .name = spec.name, .type = Type::float32, .dimensions = {}, .attributes = {}, .values = {}};
  add_text(data.attributes, "standard_name", spec.standard_name);
  add_text(data.attributes, "long_name", spec.long_name);
  add_text(data.attributes, "units", spec.units);
  add_text(data.attributes, "units_metadata", units_metadata(spec));
  add_text(data.attributes, "cell_methods", spec.cell_methods);
  add_text(data.attributes, "coordinates", coordinates);
  data.attributes.push_back({"_FillValue", fill_value});
  data.attributes.push_back({"missing_value", fill_value});
  return data;
}

}  // namespace

FilePlan plan_of(const FieldFileSpec& spec, const std::string& quantizer) {
  HINDSCALE_ASSERT(spec.grid != nullptr && !spec.months.empty() && !spec.name.empty());
  FilePlan plan;
  plan.n_records = spec.months.size();
  const int time = add_dimension(plan, "time", 0);
  const int bounds = add_dimension(plan, "bnds", 2);
  const int latitude = add_dimension(plan, "lat", spec.grid->n_rows());
  const int longitude = add_dimension(plan, "lon", spec.grid->n_columns());

  add_time(plan, time, bounds);
  add_axis(plan, spec.grid->latitude, {"lat", "latitude", "degrees_north", "Y"}, latitude, bounds);
  add_axis(plan, spec.grid->longitude, {"lon", "longitude", "degrees_east", "X"}, longitude,
           bounds);
  VariablePlan data = data_of(spec, add_scalars(plan, spec));
  data.dimensions = {time, latitude, longitude};
  plan.record_shape = {spec.grid->n_rows(), spec.grid->n_columns()};
  if (!spec.quantiles.empty()) {
    const int quantile = add_dimension(plan, "quantile", spec.quantiles.size());
    add_variable(plan, {.name = "quantile",
                        .dimensions = {quantile},
                        .attributes = {{"standard_name", "quantile"},
                                       {"long_name", "quantile over ensemble members"},
                                       {"units", "1"}},
                        .values = spec.quantiles});
    data.dimensions.insert(data.dimensions.begin() + 1, quantile);
    plan.record_shape.insert(plan.record_shape.begin(), spec.quantiles.size());
  }
  if (spec.keep_bits > 0) add_quantization(plan, data, spec, quantizer);
  plan.data = add_variable(plan, std::move(data));

  plan.attributes.push_back({"Conventions", "CF-1.12"});
  for (const auto& [name, text] : spec.global_attributes) add_text(plan.attributes, name, text);
  plan.attributes.push_back({sentinel_name, 0});
  return plan;
}

}  // namespace hindscale
