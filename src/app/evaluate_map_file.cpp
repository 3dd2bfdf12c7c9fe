// SPDX-License-Identifier: Apache-2.0
#include <netcdf.h>

#include <map>

#include "evaluate_maps.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/core/hash.hpp"

namespace hindscale {
namespace {

constexpr float fill_value = 1e20F;

std::string digest_of(std::span<const float> values) {
  Sha256 digest;
  digest.add(std::as_bytes(values));
  return digest.hex();
}

/// Missing cells as the file stores them.
std::vector<float> filled(View<const float, 2> map) {
  std::vector<float> values(map.begin(), map.end());
  for (float& value : values) {
    if (value != value) value = fill_value;
  }
  return values;
}

std::vector<double> bounds_of(const Axis& axis) {
  std::vector<double> bounds;
  for (std::size_t i = 0; i < axis.size(); ++i)
    bounds.insert(bounds.end(), {axis.edge[i], axis.edge[i + 1]});
  return bounds;
}

}  // namespace

struct MapFile::Impl {
  std::filesystem::path path;  ///< final
  std::filesystem::path part;
  int file = -1;
  std::map<std::string, int> identifiers;
  std::map<std::string, std::string> digests;  ///< of the maps written

  void check(int status) const {
    if (status == NC_NOERR) return;
    throw SystemError(
        {.problem = "cannot write", .value = part.string(), .why = nc_strerror(status)});
  }
  void put_text(int variable, const char* name, const std::string& text) const {
    check(nc_put_att_text(file, variable, name, text.size(), text.c_str()));
  }
  struct AxisNames {
    const char* name;
    const char* standard_name;
    const char* units;
  };
  int define_dimension(const char* name, std::size_t length) const {
    int dimension = 0;
    check(nc_def_dim(file, name, length, &dimension));
    return dimension;
  }
  void define_axis(const AxisNames& names, int dimension, int bounds);
  void define_map(const MapVariable& variable, const int (&dimensions)[2]);
  void put_axis(const char* name, const Axis& axis) const;
  void verify(const std::filesystem::path& written) const;
};

void MapFile::Impl::define_axis(const AxisNames& names, int dimension, int bounds) {
  const std::string bounds_name = std::string(names.name) + "_bnds";
  const int dimensions[2] = {dimension, bounds};
  int& axis = identifiers[names.name];
  check(nc_def_var(file, names.name, NC_DOUBLE, 1, dimensions, &axis));
  check(nc_def_var(file, bounds_name.c_str(), NC_DOUBLE, 2, dimensions, &identifiers[bounds_name]));
  put_text(axis, "standard_name", names.standard_name);
  put_text(axis, "units", names.units);
  put_text(axis, "bounds", bounds_name);
}

void MapFile::Impl::define_map(const MapVariable& variable, const int (&dimensions)[2]) {
  int& identifier = identifiers[variable.name];
  check(nc_def_var(file, variable.name.c_str(), NC_FLOAT, 2, dimensions, &identifier));
  put_text(identifier, "long_name", variable.long_name);
  put_text(identifier, "units", variable.units);
  check(nc_put_att_float(file, identifier, "_FillValue", NC_FLOAT, 1, &fill_value));
}

void MapFile::Impl::put_axis(const char* name, const Axis& axis) const {
  check(nc_put_var_double(file, identifiers.at(name), axis.centre.data()));
  check(
      nc_put_var_double(file, identifiers.at(std::string(name) + "_bnds"), bounds_of(axis).data()));
}

void MapFile::Impl::verify(const std::filesystem::path& written) const {
  int opened = -1;
  check(nc_open(written.c_str(), NC_NOWRITE, &opened));
  std::string differing;
  for (const auto& [name, digest] : digests) {
    int identifier = 0;
    int dimensions[2] = {};
    std::size_t n_rows = 0;
    std::size_t n_columns = 0;
    check(nc_inq_varid(opened, name.c_str(), &identifier));
    check(nc_inq_vardimid(opened, identifier, dimensions));
    check(nc_inq_dimlen(opened, dimensions[0], &n_rows));
    check(nc_inq_dimlen(opened, dimensions[1], &n_columns));
    std::vector<float> values(n_rows * n_columns);
    check(nc_get_var_float(opened, identifier, values.data()));
    if (digest_of(values) != digest) differing = name;
  }
  check(nc_close(opened));
  if (differing.empty()) return;
  throw SystemError(
      {.problem = "content differs after writing", .value = written.string(), .why = differing});
}

MapFile::MapFile(const MapFileSpec& spec, const std::vector<MapVariable>& variables)
    : impl_(std::make_unique<Impl>()) {
  Impl& out = *impl_;
  out.path = spec.path;
  out.part = part_path(spec.path);
  out.check(nc_create(out.part.c_str(), NC_CLOBBER | NC_64BIT_DATA, &out.file));
  int previous_fill = 0;
  out.check(nc_set_fill(out.file, NC_NOFILL, &previous_fill));
  const int latitude = out.define_dimension("lat", spec.grid->n_rows());
  const int longitude = out.define_dimension("lon", spec.grid->n_columns());
  const int bounds = out.define_dimension("bnds", 2);
  out.define_axis({"lat", "latitude", "degrees_north"}, latitude, bounds);
  out.define_axis({"lon", "longitude", "degrees_east"}, longitude, bounds);
  for (const MapVariable& variable : variables) out.define_map(variable, {latitude, longitude});
  out.put_text(NC_GLOBAL, "Conventions", "CF-1.12");
  for (const auto& [name, text] : spec.global_attributes)
    out.put_text(NC_GLOBAL, name.c_str(), text);
  out.check(nc_enddef(out.file));
  out.put_axis("lat", spec.grid->latitude);
  out.put_axis("lon", spec.grid->longitude);
}

MapFile::~MapFile() {
  if (impl_->file >= 0) nc_close(impl_->file);
}

void MapFile::write(const std::string& name, View<const float, 2> map) {
  const std::vector<float> values = filled(map);
  impl_->check(nc_put_var_float(impl_->file, impl_->identifiers.at(name), values.data()));
  impl_->digests[name] = digest_of(values);
}

void MapFile::commit() {
  HINDSCALE_ASSERT(impl_->digests.size() + 4 ==
                   impl_->identifiers.size());  // all maps besides the axes
  const int file = std::exchange(impl_->file, -1);
  impl_->check(nc_close(file));
  commit_file(impl_->path, [&](const std::filesystem::path& written) { impl_->verify(written); });
}

}  // namespace hindscale
