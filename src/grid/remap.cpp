// SPDX-License-Identifier: Apache-2.0
// Bilinear and conservative remapping: weights an axis, applied cell by cell.
#include "hindscale/grid/remap.hpp"

#include "axis_weights.hpp"

namespace hindscale {

ConservativeRemap::ConservativeRemap(const Grid& source, const Grid& target)
    : latitude_(detail::conservative_latitude(source.latitude, target.latitude)),
      longitude_(detail::conservative_longitude(source.longitude, target.longitude)) {}

void ConservativeRemap::apply(View<const float, 2> source, View<float, 2> target) const {
  detail::apply_weights(latitude_, longitude_, source, target);
}

BilinearRemap::BilinearRemap(const Grid& source, const Grid& target)
    : latitude_(detail::linear_latitude(source.latitude, target.latitude)),
      longitude_(detail::linear_longitude(source.longitude, target.longitude, source.periodic)) {}

void BilinearRemap::apply(View<const float, 2> source, View<float, 2> target) const {
  detail::apply_weights(latitude_, longitude_, source, target);
}

}  // namespace hindscale
