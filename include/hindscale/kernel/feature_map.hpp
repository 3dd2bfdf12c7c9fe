// SPDX-License-Identifier: Apache-2.0
// The shape of one sample inside a network.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hindscale {

/// One sample, channels-last: `height` x `width` places of `channels` values.
struct FeatureMap {
  std::int64_t channels = 0, height = 0, width = 0;
  [[nodiscard]] std::int64_t places() const { return height * width; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(places() * channels); }
};

/// What lies beyond the edges of a field, along both axes.
enum class Padding { zeros, periodic };

}  // namespace hindscale
