// SPDX-License-Identifier: Apache-2.0
// What a file is by its first bytes, and whether all of it is there.
#pragma once

#include <filesystem>

namespace hindscale {

/// InputError unless `path` is a NetCDF or HDF5 file with at least the bytes its header demands.
/// The message names what the file is instead (ZIP, gzip, GRIB, HTML, ..., empty), or by how much
/// it is truncated. Classic files need this check: the library reads the missing part of one as
/// zeros, without an error.
void require_whole_netcdf(const std::filesystem::path& path);

}  // namespace hindscale
