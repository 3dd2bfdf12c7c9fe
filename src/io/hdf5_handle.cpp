// SPDX-License-Identifier: Apache-2.0
#include "hdf5_handle.hpp"

namespace hindscale {
namespace {

/// Appends the description of the innermost entry and of the one above it.
herr_t collect(unsigned depth, const H5E_error2_t* entry, void* text) {
  constexpr unsigned levels = 2;
  std::string& why = *static_cast<std::string*>(text);
  if (depth < levels && entry->desc != nullptr && *entry->desc != '\0') {
    if (!why.empty()) why += "; ";
    why += entry->desc;
  }
  return 0;
}

}  // namespace

void silence_hdf5() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

std::string hdf5_reason() {
  std::string why;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &why);
  return why.empty() ? "HDF5 gives no reason" : why;
}

}  // namespace hindscale
