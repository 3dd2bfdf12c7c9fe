// SPDX-License-Identifier: Apache-2.0
// Random numbers keyed by what they are for (Philox 4x64-10, Random123), never by who draws them.
#pragma once

#include <cstdint>
#include <span>

#include "hindscale/core/array.hpp"

namespace hindscale {

/// What a stream is for. Part of the key: streams of different purpose never share numbers.
enum class Purpose : std::uint32_t {
  sample_noise = 1,    ///< initial noise and noise of a sampling step
  patch_order = 2,     ///< order and places of training patches
  noise_level = 3,     ///< times of the training noise
  training_noise = 4,  ///< the training noise itself
  dropout = 5,
  initial_weights = 6,
  bootstrap = 7,
  validation_noise = 8,
  rank_ties = 9,
  noise_tail = 10,         ///< scales of Student-t noise
  mirror = 11,             ///< which training patches are mirrored
  world_weather = 12,      ///< large scales of a generated world, and of the members about it
  world_small_scale = 13,  ///< its small scales
  world_law = 14,          ///< draws of the law of its precipitation
  discriminator_weights = 15,
};

/// Identifies one stream of numbers. Number i is word i % 4 of Philox with key (seed, purpose *
/// 2^32 + c) and counter (i / 4, a, b, 0).
struct StreamKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::sample_noise;
  std::uint64_t a = 0;  ///< e.g. the member
  std::uint64_t b = 0;  ///< e.g. the month's index
  std::uint32_t c = 0;  ///< e.g. the sampling step
};

/// Standard normal numbers [first, first + values.size()) of the stream. Any split of the range
/// gives the same numbers.
void fill_normal(const StreamKey& key, std::uint64_t first, std::span<float> values);

/// sqrt((nu - 2) / kappa) with kappa a chi-square number of nu > 2 degrees of freedom, one for each
/// (seed, purpose, a, b), whatever c: times the normal numbers of the stream it makes noise of
/// Student's t, uncorrelated and of unit variance, with one scale for all (Pandey et al. 2024,
/// Heavy-tailed diffusion models, where the variance is nu / (nu - 2)).
double student_scale(const StreamKey& noise, double degrees_of_freedom);

/// Numbers [first, first + values.size()) of a noise of unit variance: normal ones at 0 degrees of
/// freedom, else those times `student_scale`.
void fill_noise(const StreamKey& key, double degrees_of_freedom, std::uint64_t first,
                std::span<float> values);

/// Uniform numbers in the open interval (0, 1), likewise.
void fill_uniform(const StreamKey& key, std::uint64_t first, std::span<double> values);
double uniform(const StreamKey& key, std::uint64_t index);

/// A uniform integer in [0, n).
std::uint64_t uniform_below(const StreamKey& key, std::uint64_t index, std::uint64_t n);

}  // namespace hindscale
