// SPDX-License-Identifier: Apache-2.0
// One thread at a time in libraries that are not made for more.
#pragma once

#include <mutex>

namespace hindscale {

using LibraryLock = std::unique_lock<std::recursive_mutex>;

/// NetCDF-C and HDF5 share state between all files.
inline LibraryLock alone_in_netcdf() {
  static std::recursive_mutex library;
  return LibraryLock(library);
}

/// So does PnetCDF, which shares none with the other two.
inline LibraryLock alone_in_pnetcdf() {
  static std::recursive_mutex library;
  return LibraryLock(library);
}

}  // namespace hindscale
