// SPDX-License-Identifier: Apache-2.0
// Reads back, strictly, what FieldFile wrote.
#include <netcdf.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "chunk_cache.hpp"
#include "field_plan.hpp"
#include "file_kind.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/time/axis.hpp"
#include "library_locks.hpp"

namespace hindscale {
namespace {

constexpr int closed = -1;

/// The month whose bounds hold this many days since the epoch of `output_time_units`.
Month month_at(double days) {
  constexpr double mean_month_days = 365.2425 / 12;
  Month month = Month(1836, 1) + static_cast<int>(std::floor(days / mean_month_days));
  while (days < month_bounds_days(month)[0]) month = month + -1;
  while (days >= month_bounds_days(month)[1]) month = month + 1;
  return month;
}

}  // namespace

struct FieldReader::Impl {
  explicit Impl(std::filesystem::path name) : path(std::move(name)) {}
  ~Impl() {
    if (file == closed) return;
    const LibraryLock alone = alone_in_netcdf();
    nc_close(file);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[noreturn]] void refuse(const std::string& why) const {
    throw InputError({.problem = "not a complete file of this program",
                      .value = path.string(),
                      .why = why,
                      .advice = "remove it and run again"});
  }
  void check(int status) const {
    if (status > 0)  // errno, no fault of the file
      throw SystemError(
          {.problem = "cannot be read", .why = nc_strerror(status), .file = path.string()});
    if (status != NC_NOERR) refuse(nc_strerror(status));
  }
  void open();
  void check_sentinel() const;
  void find_variable();
  void read_months();
  [[nodiscard]] std::vector<std::string> dimensions_of(int identifier) const;
  [[nodiscard]] std::string text_attribute(int identifier, const char* name) const;
  [[nodiscard]] std::vector<double> read_doubles(const char* name) const;
  [[nodiscard]] Axis read_axis(const std::string& name) const;

  std::filesystem::path path;
  int file = closed;
  int data = -1;
  bool has_quantiles = false;
  std::string variable;
  std::vector<Month> months;
  Grid grid;
};

void FieldReader::Impl::open() {
  require_whole_netcdf(path);  // classic files cut short open without an error and read as zeros
  const LibraryLock alone = alone_in_netcdf();
  check(nc_open(path.c_str(), NC_NOWRITE, &file));
  check_sentinel();
  find_variable();
  read_months();
  grid.latitude = read_axis("lat");
  grid.longitude = read_axis("lon");
  constexpr double round_error_degrees = 1e-6;
  const std::vector<double>& edge = grid.longitude.edge;
  grid.periodic = std::abs(edge.back() - edge.front() - 360) < round_error_degrees;
}

void FieldReader::Impl::check_sentinel() const {
  nc_type type = NC_NAT;
  std::size_t length = 0;
  int complete = 0;
  if (nc_inq_att(file, NC_GLOBAL, sentinel_name, &type, &length) != NC_NOERR || type != NC_INT ||
      length != 1) {
    throw InputError({.problem = "not a data file of a reconstruction",
                      .value = path.string(),
                      .why = "it has no mark of completeness",
                      .advice = "'cdo sinfon' tells what another file holds"});
  }
  check(nc_get_att_int(file, NC_GLOBAL, sentinel_name, &complete));
  if (complete != 1) refuse("its writer was interrupted");
}

std::vector<std::string> FieldReader::Impl::dimensions_of(int identifier) const {
  int count = 0;
  check(nc_inq_varndims(file, identifier, &count));
  std::vector<int> dimensions(static_cast<std::size_t>(count));
  check(nc_inq_vardimid(file, identifier, dimensions.data()));
  std::vector<std::string> names;
  for (const int dimension : dimensions) {
    std::array<char, NC_MAX_NAME + 1> name{};
    check(nc_inq_dimname(file, dimension, name.data()));
    names.emplace_back(name.data());
  }
  return names;
}

/// The data variable is the one over time, latitude and longitude.
void FieldReader::Impl::find_variable() {
  int count = 0;
  check(nc_inq_nvars(file, &count));
  for (int i = 0; i < count; ++i) {
    const std::vector<std::string> names = dimensions_of(i);
    has_quantiles = names == std::vector<std::string>{"time", "quantile", "lat", "lon"};
    if (!has_quantiles && names != std::vector<std::string>{"time", "lat", "lon"}) continue;
    std::array<char, NC_MAX_NAME + 1> name{};
    check(nc_inq_varname(file, i, name.data()));
    variable = name.data();
    data = i;
    constexpr std::size_t time = 0;
    return check(limit_chunk_cache(file, data, time));
  }
  refuse("it has no variable over time, lat and lon");
}

std::vector<double> FieldReader::Impl::read_doubles(const char* name) const {
  int identifier = 0;
  if (nc_inq_varid(file, name, &identifier) != NC_NOERR) {
    refuse(std::string("it has no variable ") + name);
  }
  int count = 0;
  check(nc_inq_varndims(file, identifier, &count));
  std::vector<int> dimensions(static_cast<std::size_t>(count));
  check(nc_inq_vardimid(file, identifier, dimensions.data()));
  std::size_t n_values = 1;
  for (const int dimension : dimensions) {
    std::size_t length = 0;
    check(nc_inq_dimlen(file, dimension, &length));
    n_values *= length;
  }
  std::vector<double> values(n_values);
  check(nc_get_var_double(file, identifier, values.data()));
  return values;
}

void FieldReader::Impl::read_months() {
  int identifier = 0;
  check(nc_inq_varid(file, "time", &identifier));
  if (text_attribute(identifier, "units") != output_time_units ||
      text_attribute(identifier, "calendar") != time_calendar) {
    refuse("its time axis is not in " + std::string(output_time_units));
  }
  for (const double days : read_doubles("time")) {
    constexpr double limit_days = 1e7;  // beyond any month of this program
    if (!(std::abs(days) < limit_days)) refuse("its time axis holds no dates");
    months.push_back(month_at(days));
  }
  if (months.empty()) refuse("it holds no months");
}

Axis FieldReader::Impl::read_axis(const std::string& name) const {
  Axis axis{.centre = read_doubles(name.c_str()), .edge = {}};
  const std::vector<double> bounds = read_doubles((name + "_bnds").c_str());
  if (axis.centre.empty() || bounds.size() != 2 * axis.size()) refuse("its axes lack bounds");
  for (std::size_t i = 0; i < axis.size(); ++i) axis.edge.push_back(bounds[2 * i]);
  axis.edge.push_back(bounds.back());
  return axis;
}

std::string FieldReader::Impl::text_attribute(int identifier, const char* name) const {
  nc_type type = NC_NAT;
  std::size_t length = 0;
  if (nc_inq_att(file, identifier, name, &type, &length) != NC_NOERR || type != NC_CHAR) return {};
  std::string text(length, '\0');
  check(nc_get_att_text(file, identifier, name, text.data()));
  return text;
}

FieldReader::FieldReader(const std::filesystem::path& path) : impl_(std::make_unique<Impl>(path)) {
  impl_->open();
}
FieldReader::~FieldReader() = default;
FieldReader::FieldReader(FieldReader&&) noexcept = default;

const std::vector<Month>& FieldReader::months() const {
  return impl_->months;
}
const std::string& FieldReader::variable() const {
  return impl_->variable;
}
const Grid& FieldReader::grid() const {
  return impl_->grid;
}

std::string FieldReader::attribute(const std::string& name) const {
  const LibraryLock alone = alone_in_netcdf();
  return impl_->text_attribute(NC_GLOBAL, name.c_str());
}

std::optional<int> FieldReader::realization() const {
  const LibraryLock alone = alone_in_netcdf();
  int identifier = 0;
  if (nc_inq_varid(impl_->file, "realization", &identifier) != NC_NOERR) return std::nullopt;
  return static_cast<int>(impl_->read_doubles("realization").at(0));
}

std::vector<double> FieldReader::quantiles() const {
  const LibraryLock alone = alone_in_netcdf();
  return impl_->has_quantiles ? impl_->read_doubles("quantile") : std::vector<double>{};
}

void FieldReader::read(std::size_t i_month, std::size_t first_row, View<float, 2> rows,
                       std::size_t i_quantile) const {
  HINDSCALE_ASSERT(i_month < impl_->months.size());
  HINDSCALE_ASSERT(first_row + rows.extent(0) <= impl_->grid.n_rows());
  HINDSCALE_ASSERT(rows.extent(1) == impl_->grid.n_columns());
  std::vector<std::size_t> start{i_month, first_row, 0};
  std::vector<std::size_t> count{1, rows.extent(0), rows.extent(1)};
  if (impl_->has_quantiles) {
    start.insert(start.begin() + 1, i_quantile);
    count.insert(count.begin() + 1, 1);
  }
  const LibraryLock alone = alone_in_netcdf();
  const int status =
      nc_get_vara_float(impl_->file, impl_->data, start.data(), count.data(), rows.data());
  if (status != NC_NOERR) {
    impl_->refuse(impl_->months[i_month].to_string() + " cannot be read: " + nc_strerror(status));
  }
  constexpr float missing = std::numeric_limits<float>::quiet_NaN();
  std::ranges::replace(rows.flat(), fill_value, missing);
}

}  // namespace hindscale
