// SPDX-License-Identifier: Apache-2.0
// Cutting rectangles, with and without wrapping.
#include "hindscale/grid/window.hpp"

#include <gtest/gtest.h>

namespace hindscale {
namespace {

TEST(Extract, cell_by_cell_with_columns_modulo_the_domain) {
  Array<float, 3> field({2, 5, 7});
  for (std::size_t i = 0; i < field.size(); ++i) field.flat()[i] = static_cast<float>(i);
  for (const Window window : {Window{1, 2, 3, 4}, Window{0, 5, 5, 7}, Window{4, 6, 1, 3}}) {
    Array<float, 3> cut({2, window.n_rows, window.n_columns});
    extract(field, window, cut);
    for (std::size_t c = 0; c < 2; ++c) {
      for (std::size_t y = 0; y < window.n_rows; ++y) {
        for (std::size_t x = 0; x < window.n_columns; ++x) {
          EXPECT_EQ(cut(c, y, x), field(c, window.row + y, (window.column + x) % 7));
        }
      }
    }
  }
}

TEST(Extract, windows_beyond_the_domain_are_a_bug) {
  const Array<float, 3> field({1, 5, 7});
  Array<float, 3> cut({1, 3, 3});
  EXPECT_THROW(extract(field, {3, 0, 3, 3}, cut), AssertionError);
  EXPECT_THROW(extract(field, {0, 7, 3, 3}, cut), AssertionError);
  EXPECT_THROW(extract(field, {0, 0, 3, 4}, cut), AssertionError);
}

}  // namespace
}  // namespace hindscale
