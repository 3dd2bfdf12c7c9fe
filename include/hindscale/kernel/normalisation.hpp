// SPDX-License-Identifier: Apache-2.0
// Group normalisation (Wu and He 2018) of one sample as a scale and a shift of each channel.
#pragma once

#include <cstdint>
#include <vector>

namespace hindscale {

/// Sums over the places of each channel.
struct Moments {
  explicit Moments(std::int64_t channels)
      : sum(static_cast<std::size_t>(channels)), square_sum(sum.size()) {}
  std::vector<double> sum, square_sum;

  /// Those of values with offset[c] added in each of `places` places.
  void add_offset(const float* offset, std::int64_t places);
};

/// With weight and bias [channels]: normalised = scale[c] x + shift[c]. `groups` divides the
/// channels; 1e-5 is added to a variance, as in PyTorch.
struct Normalisation {
  Normalisation(const Moments& moments, std::int64_t places, std::int64_t groups,
                const float* weight, const float* bias);

  std::vector<float> scale, shift;              ///< of each channel
  std::vector<double> mean, inverse_deviation;  ///< of each group
};

}  // namespace hindscale
