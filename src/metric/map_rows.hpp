// SPDX-License-Identifier: Apache-2.0
// Independent work on the rows of a field, with results in row order.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <vector>

namespace hindscale {

/// work(i_row) for every row, on the host; the results in row order, so that their sum does not
/// depend on threads. `work` must not throw.
template <class Work>
auto map_rows(std::size_t n_rows, const Work& work) {
  std::vector<decltype(work(std::size_t{0}))> results(n_rows);
  using Host = Kokkos::DefaultHostExecutionSpace;
  Kokkos::parallel_for(Kokkos::RangePolicy<Host>(0, n_rows),
                       [&](std::size_t i_row) { results[i_row] = work(i_row); });
  Host().fence();
  return results;
}

}  // namespace hindscale
