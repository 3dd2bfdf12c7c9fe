// SPDX-License-Identifier: Apache-2.0
// Cutting a rectangle out of a field.
#include "hindscale/grid/window.hpp"

#include <algorithm>

namespace hindscale {

void extract(View<const float, 3> field, const Window& window, View<float, 3> cut) {
  const std::size_t n_columns = field.extent(2);
  HINDSCALE_ASSERT(window.row + window.n_rows <= field.extent(1));
  HINDSCALE_ASSERT(window.column < n_columns && window.n_columns <= n_columns);
  HINDSCALE_ASSERT((cut.shape() == Shape<3>{field.extent(0), window.n_rows, window.n_columns}));
  const std::size_t before_wrap = std::min(window.n_columns, n_columns - window.column);
  for (std::size_t c = 0; c < field.extent(0); ++c) {
    for (std::size_t y = 0; y < window.n_rows; ++y) {
      const float* row = &field(c, window.row + y, 0);
      float* out = &cut(c, y, 0);
      std::copy_n(row + window.column, before_wrap, out);
      std::copy_n(row, window.n_columns - before_wrap, out + before_wrap);
    }
  }
}

}  // namespace hindscale
