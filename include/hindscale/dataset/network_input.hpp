// SPDX-License-Identifier: Apache-2.0
// The condition channels of one patch or tile, put together the same way in training and sampling.
#pragma once

#include <algorithm>

#include "hindscale/dataset/conditioning.hpp"
#include "hindscale/grid/window.hpp"

namespace hindscale {

/// Channels that `assemble_input` makes of a month: a `Sample` or its `MonthInputs`.
template <class Month>
std::size_t n_input_channels(const Month& month) {
  return month.condition.extent(0) + month.context.n_channels();
}

/// Fills channels [n_input_channels, n_rows, n_columns] of a window: the fields of the month, cut
/// out, then the context of the whole domain, resized to the window's shape.
template <class Month>
void assemble_input(const Month& month, const Window& window, View<float, 3> channels) {
  const Shape<3> shape{month.condition.extent(0), window.n_rows, window.n_columns};
  HINDSCALE_ASSERT(channels.extent(0) == n_input_channels(month));
  extract(month.condition.view(), window, {channels.data(), shape});
  if (month.context.n_channels() == 0) return;
  const auto context = month.context.resized(window.n_rows, window.n_columns);
  std::copy(context.begin(), context.end(), channels.data() + count_of(shape));
}

}  // namespace hindscale
