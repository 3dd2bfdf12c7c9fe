// SPDX-License-Identifier: Apache-2.0
// Layouts of tiles to try.
#pragma once

#include <algorithm>
#include <ostream>
#include <vector>

#include "hindscale/random/random.hpp"
#include "hindscale/tiling/tiling.hpp"

namespace hindscale::test {

struct Case {
  std::size_t n_rows;
  std::size_t n_columns;
  bool periodic;
  TilingOptions options;
  [[nodiscard]] TileLayout layout() const { return {n_rows, n_columns, periodic, options}; }
};

inline std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.n_rows << "x" << c.n_columns << (c.periodic ? " periodic" : "") << " tile "
             << c.options.n_rows << "x" << c.options.n_columns << " overlap " << c.options.overlap;
}

/// Random layouts, and the edge cases by hand.
inline std::vector<Case> cases() {
  std::vector<Case> all = {{73, 144, true, {64, 64, 16}},   {73, 144, true, {73, 144, 0}},
                           {73, 144, false, {73, 144, 40}}, {5, 9, true, {5, 8, 7}},
                           {1, 1, false, {1, 1, 0}},        {7, 10, true, {3, 5, 0}},
                           {64, 128, false, {32, 32, 0}},   {8, 100, true, {8, 32, 31}}};
  const StreamKey key{.seed = 5, .purpose = Purpose::bootstrap};
  std::uint64_t i = 0;
  const auto draw = [&](std::size_t n) {
    return static_cast<std::size_t>(uniform_below(key, i++, n));
  };
  for (int n = 0; n < 200; ++n) {
    Case c{1 + draw(60), 1 + draw(60), draw(2) == 1, {}};
    c.options = {1 + draw(c.n_rows), 1 + draw(c.n_columns), 0};
    c.options.overlap = draw(std::min(c.options.n_rows, c.options.n_columns));
    all.push_back(c);
  }
  return all;
}

}  // namespace hindscale::test
