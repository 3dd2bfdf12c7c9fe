// SPDX-License-Identifier: Apache-2.0
#include <pnetcdf.h>

#include "hindscale/io/versions.hpp"

namespace hindscale {

std::string pnetcdf_version() {
  return ncmpi_inq_libvers();
}

}  // namespace hindscale
