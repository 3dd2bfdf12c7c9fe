// SPDX-License-Identifier: Apache-2.0
// Versions of the file format libraries in use.
#pragma once

#include <string>

namespace hindscale {

std::string netcdf_version();
std::string pnetcdf_version();
std::string hdf5_version();

}  // namespace hindscale
