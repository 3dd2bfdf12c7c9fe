// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/upsampling.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "hindscale/kernel/loops.hpp"

namespace hindscale {
namespace {

constexpr std::int64_t n_taps = 4;
using Taps = std::array<float, n_taps>;

/// Keys' kernel at the distances 1 + t, t, 1 - t and 2 - t.
Taps cubic_taps(double t) {
  constexpr double a = -0.75;
  const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {static_cast<float>(far(1 + t)), static_cast<float>(near(t)),
          static_cast<float>(near(1 - t)), static_cast<float>(far(2 - t))};
}

std::int64_t inside(std::int64_t i, std::int64_t n, Padding padding) {
  return padding == Padding::periodic ? (i + 2 * n) % n : std::clamp(i, std::int64_t{0}, n - 1);
}

/// The four coarse places that fine place `i` comes from, the first of them first, and their
/// weights; nearest: one place with weight one.
struct Source {
  Source(std::int64_t i, std::int64_t n, Upsampling method, Padding padding) {
    if (method == Upsampling::nearest) {
      places.fill(i / 2);
      taps = {1, 0, 0, 0};
      return;
    }
    // The centre of fine cell i lies at i / 2 - 1 / 4 of the coarse cells.
    const bool is_odd = i % 2 != 0;
    static const Taps even = cubic_taps(0.75), odd = cubic_taps(0.25);
    taps = is_odd ? odd : even;
    const std::int64_t first = i / 2 - (is_odd ? 1 : 2);
    for (std::int64_t k = 0; k < n_taps; ++k)
      places[static_cast<std::size_t>(k)] = inside(first + k, n, padding);
  }
  std::array<std::int64_t, n_taps> places{};
  Taps taps{};
};

template <class In, class Out>
void upsample_bicubic(const FeatureMap& map, Padding padding, const In* x, Out* fine) {
  const std::int64_t a_row = map.width * map.channels;
  std::vector<float> between(static_cast<std::size_t>(a_row));
  for (std::int64_t y = 0; y < 2 * map.height; ++y) {
    const Source rows(y, map.height, Upsampling::bicubic, padding);
    std::array<const In*, n_taps> from{};
    for (std::size_t k = 0; k < from.size(); ++k) from[k] = x + rows.places[k] * a_row;
    loops::weigh_rows(from.data(), rows.taps.data(), a_row, between.data());
    for (std::int64_t i = 0; i < 2 * map.width; ++i) {
      const Source columns(i, map.width, Upsampling::bicubic, padding);
      std::array<const float*, n_taps> values{};
      for (std::size_t k = 0; k < values.size(); ++k)
        values[k] = between.data() + columns.places[k] * map.channels;
      loops::weigh_rows(values.data(), columns.taps.data(), map.channels,
                        fine + (y * 2 * map.width + i) * map.channels);
    }
  }
}

template <class In, class Out>
void upsample_nearest(const FeatureMap& map, const In* x, Out* fine) {
  for (std::int64_t y = 0; y < 2 * map.height; ++y) {
    Out* to = fine + y * 2 * map.width * map.channels;
    for (std::int64_t i = 0; i < 2 * map.width; ++i) {
      loops::round_to(x + ((y / 2) * map.width + i / 2) * map.channels, map.channels,
                      to + i * map.channels);
    }
  }
}

}  // namespace

template <class In, class Out>
void upsample(const FeatureMap& map, Upsampling method, Padding padding, const In* x, Out* fine) {
  if (method == Upsampling::nearest) {
    upsample_nearest(map, x, fine);
  } else {
    upsample_bicubic(map, padding, x, fine);
  }
}

template <class T>
void upsample_adjoint(const FeatureMap& map, Upsampling method, Padding padding, const T* fine,
                      T* x) {
  const std::int64_t a_row = map.width * map.channels;
  const std::size_t n_used = method == Upsampling::nearest ? 1 : n_taps;
  std::vector<float> sums(map.size(), 0.0F), between(static_cast<std::size_t>(a_row));
  for (std::int64_t y = 0; y < 2 * map.height; ++y) {
    std::ranges::fill(between, 0.0F);
    for (std::int64_t i = 0; i < 2 * map.width; ++i) {
      const Source columns(i, map.width, method, padding);
      for (std::size_t k = 0; k < n_used; ++k) {
        loops::add_scaled(fine + (y * 2 * map.width + i) * map.channels, columns.taps[k],
                          map.channels, between.data() + columns.places[k] * map.channels);
      }
    }
    const Source rows(y, map.height, method, padding);
    for (std::size_t k = 0; k < n_used; ++k)
      loops::add_scaled(between.data(), rows.taps[k], a_row, sums.data() + rows.places[k] * a_row);
  }
  loops::round_to(sums.data(), static_cast<std::int64_t>(sums.size()), x);
}

template void upsample(const FeatureMap&, Upsampling, Padding, const float*, float*);
template void upsample(const FeatureMap&, Upsampling, Padding, const float*, BFloat16*);
template void upsample(const FeatureMap&, Upsampling, Padding, const BFloat16*, BFloat16*);
template void upsample_adjoint(const FeatureMap&, Upsampling, Padding, const float*, float*);
template void upsample_adjoint(const FeatureMap&, Upsampling, Padding, const BFloat16*, BFloat16*);

}  // namespace hindscale
