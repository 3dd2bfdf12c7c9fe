// SPDX-License-Identifier: Apache-2.0
// The coarse field of the whole domain as an image of the shape of a patch or tile.
#pragma once

#include "hindscale/core/array.hpp"

namespace hindscale {

/// Resizes an image [y, x], both covering the same rectangle: along an axis that grows,
/// interpolation between cell centres (the outermost cell beyond its centre); along one that
/// shrinks, means by the share of each cell. Sums in double, in a fixed order; the same shape gives
/// a copy.
void resize(View<const float, 2> image, View<float, 2> resized);

/// Coarse channels of a month that a network sees whole, whatever the place of its tile. Keeps the
/// image of the shape asked for last: one rank, one thread.
class GlobalContext {
 public:
  /// No channels.
  GlobalContext() = default;
  /// `coarse`: [channel, cy, cx] in network units, without missing values.
  explicit GlobalContext(Array<float, 3> coarse) : coarse_(std::move(coarse)) {}

  [[nodiscard]] std::size_t n_channels() const { return coarse_.empty() ? 0 : coarse_.extent(0); }
  [[nodiscard]] const Array<float, 3>& coarse() const { return coarse_; }
  /// [channel, n_rows, n_columns]; valid until the next call.
  [[nodiscard]] View<const float, 3> resized(std::size_t n_rows, std::size_t n_columns) const;

 private:
  Array<float, 3> coarse_;
  mutable Array<float, 3> resized_;
};

}  // namespace hindscale
