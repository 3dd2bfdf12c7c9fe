// SPDX-License-Identifier: Apache-2.0
// NetCDF-C behind an owning handle; every status becomes an error with the path.
#include "netcdf_file.hpp"

#include <fmt/format.h>
#include <netcdf.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>
#include <utility>

#include "chunk_cache.hpp"
#include "file_kind.hpp"
#include "hindscale/core/error.hpp"
#include "library_locks.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

/// Some writers give numbers as text.
std::vector<double> number_in(const std::string& words) {
  const std::string text = trimmed(words);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return {number};
}

}  // namespace

NetcdfFile::NetcdfFile(std::filesystem::path path) : path_(std::move(path)) {
  require_whole_netcdf(path_);
  const LibraryLock alone = alone_in_netcdf();
  const int status = nc_open(path_.c_str(), NC_NOWRITE, &handle_);
  if (status == NC_EHDFERR || status == NC_ENOTNC) {
    throw InputError({.problem = "cannot be opened as NetCDF-4",
                      .why = nc_strerror(status),
                      .advice = "it is damaged, or its file system refuses locks: then set "
                                "HDF5_USE_FILE_LOCKING=FALSE",
                      .file = path_.string()});
  }
  check(status, "open", "file");
}

NetcdfFile::~NetcdfFile() {
  if (handle_ < 0) return;
  const LibraryLock alone = alone_in_netcdf();
  // Nothing was written, so that nothing can be lost by a close that fails.
  static_cast<void>(nc_close(handle_));
}

NetcdfFile::NetcdfFile(NetcdfFile&& other) noexcept
    : path_(std::move(other.path_)), handle_(std::exchange(other.handle_, -1)) {}

NetcdfFile& NetcdfFile::operator=(NetcdfFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(handle_, other.handle_);
  return *this;
}

void NetcdfFile::check(int status, const char* doing, const std::string& what) const {
  if (status == NC_NOERR) return;
  const std::string problem = fmt::format("cannot {}", doing);
  // Positive values are errors of the system (errno), negative ones speak of the file.
  if (status > 0) {
    throw SystemError(
        {.problem = problem, .value = what, .why = nc_strerror(status), .file = path_.string()});
  }
  throw InputError(
      {.problem = problem,
       .value = what,
       .why = nc_strerror(status),
       .advice = status == NC_EHDFERR || status == NC_EFILTER
                     ? "the file is damaged, or compressed by a filter that is not installed"
                     : "",
       .file = path_.string()});
}

int NetcdfFile::n_variables() const {
  const LibraryLock alone = alone_in_netcdf();
  int n = 0;
  check(nc_inq_nvars(handle_, &n), "list", "variables");
  return n;
}

bool NetcdfFile::has_groups() const {
  const LibraryLock alone = alone_in_netcdf();
  int n = 0;
  check(nc_inq_grps(handle_, &n, nullptr), "list", "groups");
  return n > 0;
}

std::string NetcdfFile::name_of(int variable) const {
  const LibraryLock alone = alone_in_netcdf();
  std::string name(NC_MAX_NAME + 1, '\0');
  check(nc_inq_varname(handle_, variable, name.data()), "read", "name of a variable");
  return name.c_str();
}

namespace {

NumberKind kind_of_type(nc_type type) {
  switch (type) {
    case NC_BYTE:
      return NumberKind::int8;
    case NC_SHORT:
      return NumberKind::int16;
    case NC_INT:
      return NumberKind::int32;
    case NC_INT64:
      return NumberKind::int64;
    case NC_UBYTE:
      return NumberKind::uint8;
    case NC_USHORT:
      return NumberKind::uint16;
    case NC_UINT:
      return NumberKind::uint32;
    case NC_UINT64:
      return NumberKind::uint64;
    case NC_FLOAT:
      return NumberKind::float32;
    case NC_DOUBLE:
      return NumberKind::float64;
    default:
      return NumberKind::other;
  }
}

}  // namespace

NumberKind NetcdfFile::kind_of(int variable) const {
  const LibraryLock alone = alone_in_netcdf();
  nc_type type = NC_NAT;
  check(nc_inq_vartype(handle_, variable, &type), "read the type of", name_of(variable));
  return kind_of_type(type);
}

NumberKind NetcdfFile::kind_of(int variable, const char* attribute) const {
  const LibraryLock alone = alone_in_netcdf();
  nc_type type = NC_NAT;
  std::size_t length = 0;
  if (nc_inq_att(handle_, variable, attribute, &type, &length) != NC_NOERR)
    return NumberKind::other;
  return kind_of_type(type);
}

std::vector<NetcdfDimension> NetcdfFile::dimensions_of(int variable) const {
  const LibraryLock alone = alone_in_netcdf();
  int rank = 0;
  check(nc_inq_varndims(handle_, variable, &rank), "read the rank of", name_of(variable));
  std::vector<int> ids(static_cast<std::size_t>(rank));
  check(nc_inq_vardimid(handle_, variable, ids.data()), "read the shape of", name_of(variable));
  std::vector<NetcdfDimension> dimensions;
  for (const int id : ids) {
    std::string name(NC_MAX_NAME + 1, '\0');
    std::size_t length = 0;
    check(nc_inq_dim(handle_, id, name.data(), &length), "read a dimension of", name_of(variable));
    dimensions.push_back({.id = id, .name = name.c_str(), .length = length});
  }
  return dimensions;
}

std::optional<int> NetcdfFile::find(const std::string& name) const {
  const LibraryLock alone = alone_in_netcdf();
  int variable = 0;
  const int status = nc_inq_varid(handle_, name.c_str(), &variable);
  if (status == NC_ENOTVAR || status == NC_EBADNAME) return std::nullopt;
  check(status, "look for", name);
  return variable;
}

std::string NetcdfFile::text(int variable, const char* attribute) const {
  const LibraryLock alone = alone_in_netcdf();
  nc_type type = NC_NAT;
  std::size_t length = 0;
  if (nc_inq_att(handle_, variable, attribute, &type, &length) != NC_NOERR || length == 0)
    return {};
  if (type == NC_STRING) {
    std::vector<char*> strings(length, nullptr);
    check(nc_get_att_string(handle_, variable, attribute, strings.data()), "read attribute",
          attribute);
    const std::string first = strings[0] == nullptr ? "" : strings[0];
    check(nc_free_string(length, strings.data()), "free attribute", attribute);
    return first;
  }
  if (type != NC_CHAR) return {};
  std::string text(length, '\0');
  check(nc_get_att_text(handle_, variable, attribute, text.data()), "read attribute", attribute);
  return text.c_str();
}

std::vector<double> NetcdfFile::numbers(int variable, const char* attribute) const {
  if (const std::string words = text(variable, attribute); !words.empty()) return number_in(words);
  const LibraryLock alone = alone_in_netcdf();
  nc_type type = NC_NAT;
  std::size_t length = 0;
  if (nc_inq_att(handle_, variable, attribute, &type, &length) != NC_NOERR) return {};
  if (type == NC_CHAR || type == NC_STRING || type > NC_MAX_ATOMIC_TYPE) return {};
  std::vector<double> numbers(length);
  check(nc_get_att_double(handle_, variable, attribute, numbers.data()), "read attribute",
        attribute);
  return numbers;
}

void NetcdfFile::keep_only_a_record(int variable, std::size_t record) {
  const LibraryLock alone = alone_in_netcdf();
  check(limit_chunk_cache(handle_, variable, record), "set the chunk cache of", name_of(variable));
}

std::vector<double> NetcdfFile::values(int variable) const {
  std::vector<std::size_t> start;
  std::vector<std::size_t> count;
  for (const NetcdfDimension& dimension : dimensions_of(variable)) {
    start.push_back(0);
    count.push_back(dimension.length);
  }
  std::vector<double> values;
  read(variable, start, count, values);
  const std::vector<double> scale = numbers(variable, "scale_factor"),
                            offset = numbers(variable, "add_offset");
  for (double& value : values)
    value = value * (scale.empty() ? 1 : scale.front()) + (offset.empty() ? 0 : offset.front());
  return values;
}

void NetcdfFile::read(int variable, const std::vector<std::size_t>& start,
                      const std::vector<std::size_t>& count, std::vector<double>& into) const {
  const LibraryLock alone = alone_in_netcdf();
  into.resize(std::accumulate(count.begin(), count.end(), std::size_t{1}, std::multiplies<>{}));
  check(nc_get_vara_double(handle_, variable, start.data(), count.data(), into.data()), "read",
        name_of(variable));
}

}  // namespace hindscale
