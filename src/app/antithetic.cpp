// SPDX-License-Identifier: Apache-2.0
#include "antithetic.hpp"

#include <set>

namespace hindscale {

std::vector<std::size_t> independent_places(std::span<const int> noise) {
  std::set<int> seen;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < noise.size(); ++i)
    if (seen.insert(noise[i]).second) places.push_back(i);
  return places;
}

std::vector<std::size_t> independent_of(const Options& options, const std::vector<int>& members) {
  std::vector<int> noise;
  for (const int member : members) noise.push_back(options.noise_of(member));
  return independent_places(noise);
}

}  // namespace hindscale
