// SPDX-License-Identifier: Apache-2.0
// One field spread over the ranks of a group, in bands of rows.
#pragma once

#include <cstdint>
#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/tiling/tiling.hpp"

namespace hindscale {

/// Every rank owns a band of rows, and reads and adds to the rows that its tiles touch: its band
/// and the halo around it. Construction and all transfers are collective over the group. Keeps a
/// reference to the communicator.
class RowShare {
 public:
  /// `touched`: the rows of this rank's tiles.
  RowShare(const Communicator& group, std::size_t n_rows, Rows touched);

  [[nodiscard]] const Communicator& group() const { return group_; }
  [[nodiscard]] Rows own() const { return own_[static_cast<std::size_t>(group_.rank())]; }
  [[nodiscard]] Rows touched() const { return touched_[static_cast<std::size_t>(group_.rank())]; }

  /// Own rows that each rank touches; rows of each rank that this one touches. What `fill` sends
  /// and receives; `total` the other way round.
  [[nodiscard]] std::vector<Rows> wanted_by_others() const;
  [[nodiscard]] std::vector<Rows> wanted_from_others() const;

  /// Values of the own rows [n, row, x] of all ranks -> those of the touched rows.
  void fill(View<const float, 3> own, View<float, 3> touched) const;
  /// Sums of the touched rows of all ranks -> their total in the own rows.
  void total(View<const std::int64_t, 3> touched, View<std::int64_t, 3> own) const;
  /// Own rows of all ranks -> the whole field [n, y, x] on the root of the group; other ranks may
  /// give an empty view.
  void collect(View<const float, 3> own, View<float, 3> whole) const;

 private:
  const Communicator& group_;
  std::vector<Rows> own_, touched_;  ///< of each rank
};

}  // namespace hindscale
