// SPDX-License-Identifier: Apache-2.0
#include "hindscale/io/versions.hpp"

#include <fmt/format.h>
#include <hdf5.h>
#include <netcdf.h>

namespace hindscale {

std::string netcdf_version() {
  return nc_inq_libvers();
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace hindscale
