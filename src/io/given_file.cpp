// SPDX-License-Identifier: Apache-2.0
// Classic NetCDF as reanalyses come, through the serial library: a file has one writer.
#include "hindscale/io/given_file.hpp"

#include <fmt/format.h>
#include <netcdf.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/time/calendar.hpp"
#include "netcdf_file.hpp"

namespace hindscale {
namespace fs = std::filesystem;

namespace {

constexpr short missing_short = -32767;
constexpr float missing_float = -9.96921e36F;
constexpr int closed = -1;

struct StyleNames {
  const char* latitude;
  const char* longitude;
  const char* time_units;
  Date first_day;  ///< of the time axis
};

const StyleNames& names_of(GivenStyle style) {
  static const StyleNames ecmwf{
      "latitude", "longitude", "hours since 1900-01-01 00:00:00.0", {1900, 1, 1}};
  static const StyleNames psl{"lat", "lon", "hours since 1800-1-1 00:00:0.0", {1800, 1, 1}};
  return style == GivenStyle::ecmwf ? ecmwf : psl;
}

double hours_of(Month month, const Date& first_day) {
  constexpr double day_hours = 24;
  return day_hours * static_cast<double>(days_between(Calendar::standard, first_day,
                                                      {month.year(), month.of_year() + 1, 1}));
}

}  // namespace

struct GivenFile::Impl {
  GivenFileSpec spec;
  std::size_t n_rows = 0, n_columns = 0, n_written = 0;
  int file = closed;
  std::vector<int> variables;  // identifiers
  std::vector<short> packed;
  std::vector<float> plain;

  explicit Impl(const GivenFileSpec& given) : spec(given) {
    n_rows = spec.grid->n_rows();
    n_columns = spec.grid->n_columns();
    digests.resize(std::max<std::size_t>(1, spec.months.size()) * spec.variables.size());
    check(nc_create(part_path(spec.path).c_str(), NC_CLOBBER | NC_64BIT_OFFSET, &file));
  }
  ~Impl() {
    if (file != closed) nc_close(file);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void check(int status) const {
    if (status == NC_NOERR) return;
    throw SystemError(
        {.problem = "cannot write", .value = spec.path.string(), .why = nc_strerror(status)});
  }
  void put_texts(int variable, const TextAttributes& texts) const {
    for (const auto& [name, text] : texts)
      check(nc_put_att_text(file, variable, name.c_str(), text.size(), text.c_str()));
  }
  void define();
  void define_variable(const GivenVariable& variable, const std::vector<int>& dimensions);
  int define_axis(const char* name, nc_type type, std::size_t length, const TextAttributes& texts,
                  std::vector<int>& dimensions) const;
  void put_coordinates() const;
  void pack(const GivenVariable& variable, View<const float, 2> field);
  void verify(const fs::path& part) const;
  void put(std::size_t i_month, std::size_t i_variable);
  std::vector<std::string> digests;  // of the numbers stored, by month and variable
};

int GivenFile::Impl::define_axis(const char* name, nc_type type, std::size_t length,
                                 const TextAttributes& texts, std::vector<int>& dimensions) const {
  int dimension = 0, variable = 0;
  check(nc_def_dim(file, name, length, &dimension));
  check(nc_def_var(file, name, type, 1, &dimension, &variable));
  put_texts(variable, texts);
  dimensions.push_back(dimension);
  return variable;
}

void GivenFile::Impl::define_variable(const GivenVariable& variable,
                                      const std::vector<int>& dimensions) {
  const bool is_packed = variable.scale_factor > 0;
  int id = 0;
  check(nc_def_var(file, variable.name.c_str(), is_packed ? NC_SHORT : NC_FLOAT,
                   static_cast<int>(dimensions.size()), dimensions.data(), &id));
  put_texts(id, variable.attributes);
  if (is_packed) {
    check(nc_put_att_double(file, id, "scale_factor", NC_DOUBLE, 1, &variable.scale_factor));
    check(nc_put_att_double(file, id, "add_offset", NC_DOUBLE, 1, &variable.add_offset));
    for (const char* name : {"_FillValue", "missing_value"})
      check(nc_put_att_short(file, id, name, NC_SHORT, 1, &missing_short));
  } else {
    for (const char* name : {"_FillValue", "missing_value"})
      check(nc_put_att_float(file, id, name, NC_FLOAT, 1, &missing_float));
  }
  variables.push_back(id);
}

void GivenFile::Impl::define() {
  const bool is_ecmwf = spec.style == GivenStyle::ecmwf;
  const StyleNames& names = names_of(spec.style);
  const nc_type degrees = is_ecmwf ? NC_FLOAT : NC_DOUBLE;
  std::vector<int> dimensions;
  if (!spec.months.empty())
    define_axis("time", is_ecmwf ? NC_INT : NC_DOUBLE, spec.months.size(),
                {{"units", names.time_units},
                 {"long_name", "time"},
                 {"standard_name", "time"},
                 {"calendar", "gregorian"}},
                dimensions);
  define_axis(
      names.latitude, degrees, n_rows,
      {{"units", "degrees_north"}, {"long_name", "latitude"}, {"standard_name", "latitude"}},
      dimensions);
  define_axis(
      names.longitude, degrees, n_columns,
      {{"units", "degrees_east"}, {"long_name", "longitude"}, {"standard_name", "longitude"}},
      dimensions);
  for (const GivenVariable& variable : spec.variables) define_variable(variable, dimensions);
  put_texts(NC_GLOBAL, {{"Conventions", is_ecmwf ? "CF-1.6" : "CF-1.2"}});
  put_texts(NC_GLOBAL, spec.attributes);
  int before = 0;
  check(nc_set_fill(file, NC_NOFILL, &before));
  check(nc_enddef(file));
}

void GivenFile::Impl::put_coordinates() const {
  int variable = 0;
  if (!spec.months.empty()) {
    std::vector<double> hours;
    for (const Month month : spec.months)
      hours.push_back(hours_of(month, names_of(spec.style).first_day));
    check(nc_put_var_double(file, variable++, hours.data()));
  }
  std::vector<double> rows = spec.grid->latitude.centre;
  if (spec.style == GivenStyle::ecmwf) std::ranges::reverse(rows);
  check(nc_put_var_double(file, variable++, rows.data()));
  std::vector<double> columns = spec.grid->longitude.centre;
  for (double& column : columns) column -= 360 * std::floor(column / 360);
  check(nc_put_var_double(file, variable, columns.data()));
}

void GivenFile::Impl::pack(const GivenVariable& variable, View<const float, 2> field) {
  const bool is_packed = variable.scale_factor > 0;
  packed.resize(is_packed ? field.size() : 0);
  plain.resize(is_packed ? 0 : field.size());
  for (std::size_t y = 0; y < n_rows; ++y) {
    const std::size_t row = spec.style == GivenStyle::ecmwf ? n_rows - 1 - y : y;
    for (std::size_t x = 0; x < n_columns; ++x) {
      const float value = field(y, x);
      if (!is_packed) {
        plain[row * n_columns + x] = std::isnan(value) ? missing_float : value;
        continue;
      }
      const double number =
          std::round((static_cast<double>(value) - variable.add_offset) / variable.scale_factor);
      if (std::abs(number) > -static_cast<double>(missing_short) - 1) {
        throw InputError({.problem = "a value does not fit the packing of " + variable.name,
                          .value = fmt::format("{:g}", value),
                          .advice = "choose a milder world",
                          .file = spec.path.string()});
      }
      packed[row * n_columns + x] =
          std::isnan(value) ? missing_short : static_cast<short>(std::lround(number));
    }
  }
}

namespace {

/// The place of a field in its variable.
struct Slab {
  std::array<std::size_t, 3> start, count;
  std::size_t first;  // 0, or 1 without time
  Slab(const GivenFileSpec& spec, std::size_t i_month, std::size_t n_rows, std::size_t n_columns)
      : start{i_month, 0, 0}, count{1, n_rows, n_columns}, first(spec.months.empty() ? 1 : 0) {}
  [[nodiscard]] const std::size_t* from() const { return start.data() + first; }
  [[nodiscard]] const std::size_t* size() const { return count.data() + first; }
};

template <class T>
std::string digest_of(const std::vector<T>& numbers) {
  Sha256 digest;
  digest.add(std::as_bytes(std::span(numbers)));
  return digest.hex();
}

}  // namespace

void GivenFile::Impl::put(std::size_t i_month, std::size_t i_variable) {
  const Slab slab(spec, i_month, n_rows, n_columns);
  const int id = variables[i_variable];
  const bool is_packed = spec.variables[i_variable].scale_factor > 0;
  check(is_packed ? nc_put_vara_short(file, id, slab.from(), slab.size(), packed.data())
                  : nc_put_vara_float(file, id, slab.from(), slab.size(), plain.data()));
  digests.at(i_month * variables.size() + i_variable) =
      is_packed ? digest_of(packed) : digest_of(plain);
}

void GivenFile::Impl::verify(const fs::path& part) const {
  int read = closed;
  check(nc_open(part.c_str(), NC_NOWRITE, &read));
  std::vector<short> shorts(n_rows * n_columns);
  std::vector<float> floats(n_rows * n_columns);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const std::size_t i_variable = i % variables.size();
    const Slab slab(spec, i / variables.size(), n_rows, n_columns);
    const int id = variables[i_variable];
    const bool is_packed = spec.variables[i_variable].scale_factor > 0;
    const int status = is_packed
                           ? nc_get_vara_short(read, id, slab.from(), slab.size(), shorts.data())
                           : nc_get_vara_float(read, id, slab.from(), slab.size(), floats.data());
    if (status == NC_NOERR && (is_packed ? digest_of(shorts) : digest_of(floats)) == digests[i])
      continue;
    nc_close(read);
    throw SystemError({.problem = "content differs after writing",
                       .value = part.string(),
                       .advice = "check the disk and run again"});
  }
  check(nc_close(read));
}

GivenFile::GivenFile(const GivenFileSpec& spec) : impl_(std::make_unique<Impl>(spec)) {
  impl_->define();
  impl_->put_coordinates();
  impl_->spec.grid = nullptr;  // the caller's grid may go once the header is written
}

GivenFile::~GivenFile() = default;
GivenFile::GivenFile(GivenFile&&) noexcept = default;

void GivenFile::write(std::size_t i_month, std::size_t i_variable, View<const float, 2> field) {
  Impl& out = *impl_;
  HINDSCALE_ASSERT(field.extent(0) == out.n_rows && field.extent(1) == out.n_columns);
  const GivenVariable& variable = out.spec.variables.at(i_variable);
  out.pack(variable, field);
  out.put(i_month, i_variable);
  ++out.n_written;
}

void GivenFile::commit() {
  Impl& out = *impl_;
  const std::size_t n_months = std::max<std::size_t>(1, out.spec.months.size());
  HINDSCALE_ASSERT(out.n_written == n_months * out.spec.variables.size());
  out.check(nc_sync(out.file));
  out.check(nc_close(std::exchange(out.file, closed)));
  commit_file(out.spec.path, [&](const fs::path& part) { out.verify(part); });
}

std::string global_attribute(const fs::path& path, const std::string& name) {
  return NetcdfFile(path).text(NC_GLOBAL, name.c_str());
}

}  // namespace hindscale
