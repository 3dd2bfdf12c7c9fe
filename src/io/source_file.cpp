// SPDX-License-Identifier: Apache-2.0
// One file of a source.
#include "source_file.hpp"

#include <cmath>
#include <utility>

#include "axis_bounds.hpp"
#include "hindscale/core/error.hpp"
#include "source_time.hpp"
#include "source_units.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

// Parts that know no file leave its name to this one.
template <class F>
auto naming_file(const NetcdfFile& file, int variable, F&& work) {
  try {
    return work();
  } catch (const InputError& error) {
    ErrorFacts facts = error.facts();
    if (!facts.file.empty()) throw;
    facts.file = file.path().string();
    facts.key = file.name_of(variable);
    throw InputError(std::move(facts));
  }
}

// Relief and land fraction do not change: some files still give them one time.
bool is_static(const SourceRequest& request) {
  return request.variable == "orog" || request.variable == "sftlf";
}

// A depth of water counts as one a day, as monthly means of ERA5 have it.
void refuse_sum_over_month(const NetcdfFile& file, int variable) {
  const std::string methods = lower_case(file.text(variable, "cell_methods"));
  const std::string units = lower_case(trimmed(file.text(variable, "units")));
  const bool is_sum = methods.find("time: sum") != std::string::npos &&
                      methods.find("time: mean") == std::string::npos;  // of sums within days
  if (!is_sum || (units != "m" && !units.starts_with("m of "))) return;
  throw InputError({.problem = "a depth of water summed over time",
                    .value = file.text(variable, "cell_methods"),
                    .why = "a depth without a time is taken as that of a day",
                    .advice = "divide by the days of each month, for instance with cdo divdpm, and "
                              "give units by the day"});
}

}  // namespace

SourceFile::SourceFile(NetcdfFile file, int variable, const SourceRequest& request,
                       const UnitSystem& system)
    : file_(std::move(file)),
      variable_(variable),
      dimensions_(find_dimensions(file_, variable_)),
      unpacking_(file_, variable_) {
  const int latitude = dimensions_.latitude.coordinate;
  const int longitude = dimensions_.longitude.coordinate;
  rows_ = naming_file(file_, latitude, [&] { return canonical_latitude(file_.values(latitude)); });
  columns_ =
      naming_file(file_, longitude, [&] { return canonical_longitude(file_.values(longitude)); });
  for (const int axis : {latitude, longitude}) require_centred(file_, axis);
  naming_file(file_, variable_, [&] {
    if (request.variable == "pr") refuse_sum_over_month(file_, variable_);
    units_ =
        unit_conversion(system, request.variable, file_.text(variable_, "units"), request.units);
    grid_ = grid_around(rows_.points, columns_.points);
  });
  if (dimensions_.time) file_.keep_only_a_record(variable_, dimensions_.time->position);
  const bool has_months =
      dimensions_.time && !(is_static(request) && dimensions_.time->length == 1);
  if (has_months) {
    const int time = dimensions_.time->coordinate;
    months_ = naming_file(file_, time, [&] { return read_months(file_, time, system); });
  }
}

void SourceFile::read_slice(std::size_t i_time, std::size_t i_expver) {
  std::vector<std::size_t> start(dimensions_.rank, 0);
  std::vector<std::size_t> count(dimensions_.rank, 1);
  count[dimensions_.latitude.position] = dimensions_.latitude.length;
  count[dimensions_.longitude.position] = dimensions_.longitude.length;
  if (dimensions_.time) start[dimensions_.time->position] = i_time;
  if (dimensions_.expver) start[dimensions_.expver->position] = i_expver;
  file_.read(variable_, start, count, stored_);
}

void SourceFile::read(std::size_t i_time, View<float, 2> field) {
  HINDSCALE_ASSERT(field.extent(0) == grid_.n_rows() && field.extent(1) == grid_.n_columns());
  const bool rows_first = dimensions_.latitude.position < dimensions_.longitude.position;
  const std::size_t row_stride = rows_first ? dimensions_.longitude.length : 1;
  const std::size_t column_stride = rows_first ? 1 : dimensions_.latitude.length;
  const std::size_t n_expver = dimensions_.expver ? dimensions_.expver->length : 1;
  for (std::size_t i_expver = 0; i_expver < n_expver; ++i_expver) {
    read_slice(i_time, i_expver);
    for (std::size_t y = 0; y < field.extent(0); ++y) {
      for (std::size_t x = 0; x < field.extent(1); ++x) {
        // Versions share out the times among them: the first that has a value counts.
        if (i_expver > 0 && !std::isnan(field(y, x))) continue;
        const double stored =
            stored_[rows_.places[y] * row_stride + columns_.places[x] * column_stride];
        field(y, x) = unpacking_.value(stored, units_);
      }
    }
  }
}

}  // namespace hindscale
