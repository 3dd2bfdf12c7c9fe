// SPDX-License-Identifier: Apache-2.0
// The content of an experiment whose data are not at hand: its grid and variables alone.
#pragma once

#include <algorithm>
#include <string>

#include "hindscale/dataset/store_content.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// `cells`: "ROWS,COLUMNS,STEP" with the step in degrees.
inline StoreContent bare_content(const Options& options, const std::string& cells) {
  const std::size_t comma = cells.find(',');
  const std::size_t n_rows = std::stoul(cells);
  const double step_degrees = std::stod(cells.substr(cells.rfind(',') + 1));
  StoreContent content;
  content.variables = options.dataset.variables;
  content.units.assign(content.variables.size(), "1");
  content.fine =
      regular_grid({.step_longitude = step_degrees,
                    .step_latitude = std::min(step_degrees, 180 / static_cast<double>(n_rows)),
                    .n_columns = std::stoul(cells.substr(comma + 1)),
                    .n_rows = n_rows});
  return content;
}

}  // namespace hindscale
