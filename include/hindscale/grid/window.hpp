// SPDX-License-Identifier: Apache-2.0
// Rectangles of a field: patches of training and tiles of reconstruction.
#pragma once

#include <cstddef>

#include "hindscale/core/array.hpp"

namespace hindscale {

/// A rectangle of rows and columns; columns may run past the last one of a periodic domain and
/// wrap.
struct Window {
  std::size_t row = 0;
  std::size_t column = 0;
  std::size_t n_rows = 0;
  std::size_t n_columns = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

/// Copies the window of a field [channel, y, x] into `cut` [channel, n_rows, n_columns], wrapping
/// in columns.
void extract(View<const float, 3> field, const Window& window, View<float, 3> cut);

}  // namespace hindscale
