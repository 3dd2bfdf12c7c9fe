// SPDX-License-Identifier: Apache-2.0
// Philox 4x64-10: number i of a stream is a word of block i / 4, so any part of a stream can be
// made alone.
#include "hindscale/random/random.hpp"

#include <Random123/philox.h>

#include <algorithm>
#include <array>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>

namespace hindscale {
namespace {

using Philox = r123::Philox4x64_R<10>;
constexpr std::uint64_t words_per_block = 4;
using Words = std::array<std::uint64_t, words_per_block>;

Words block_of_stream(const StreamKey& key, std::uint64_t i_block) {
  const Philox::key_type philox_key = {
      {key.seed, (static_cast<std::uint64_t>(key.purpose) << 32) | key.c}};
  const Philox::ctr_type counter = {{i_block, key.a, key.b, 0}};
  const auto out = Philox()(counter, philox_key);
  return {out[0], out[1], out[2], out[3]};
}

/// The odd multiples of 2^-53: symmetric in the open interval (0, 1), exact in double.
double open_uniform(std::uint64_t word) {
  return static_cast<double>((word >> 11) | 1U) * 0x1p-53;
}

template <class T>
using Numbers = std::array<T, words_per_block>;

Numbers<double> uniform_block(const StreamKey& key, std::uint64_t i_block) {
  const Words words = block_of_stream(key, i_block);
  return {open_uniform(words[0]), open_uniform(words[1]), open_uniform(words[2]),
          open_uniform(words[3])};
}

/// Box and Muller (1958): two uniform numbers become two independent normal ones.
Numbers<float> normal_block(const StreamKey& key, std::uint64_t i_block) {
  const Numbers<double> uniforms = uniform_block(key, i_block);
  Numbers<float> normals{};
  for (std::size_t i = 0; i < words_per_block; i += 2) {
    const double radius = std::sqrt(-2.0 * std::log(uniforms[i]));
    const double angle = 2.0 * std::numbers::pi * uniforms[i + 1];
    normals[i] = static_cast<float>(radius * std::cos(angle));
    normals[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
  return normals;
}

template <class T, class MakeBlock>
void fill(std::uint64_t first, std::span<T> values, const MakeBlock& make_block) {
  std::uint64_t index = first;
  while (!values.empty()) {
    const Numbers<T> block = make_block(index / words_per_block);
    const auto skip = static_cast<std::size_t>(index % words_per_block);
    const std::size_t n = std::min<std::size_t>(words_per_block - skip, values.size());
    std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(skip), n, values.begin());
    values = values.subspan(n);
    index += n;
  }
}

}  // namespace

void fill_normal(const StreamKey& key, std::uint64_t first, std::span<float> values) {
  fill(first, values, [&](std::uint64_t i_block) { return normal_block(key, i_block); });
}

double student_scale(const StreamKey& noise, double degrees_of_freedom) {
  HINDSCALE_ASSERT(degrees_of_freedom > 2);
  const StreamKey tail{noise.seed, Purpose::noise_tail, noise.a, noise.b,
                       static_cast<std::uint32_t>(noise.purpose)};
  // kappa / 2 is a gamma number of shape nu / 2: the quantile of a uniform one.
  const double kappa = 2 * boost::math::gamma_p_inv(degrees_of_freedom / 2, uniform(tail, 0));
  return std::sqrt((degrees_of_freedom - 2) / kappa);
}

void fill_noise(const StreamKey& key, double degrees_of_freedom, std::uint64_t first,
                std::span<float> values) {
  fill_normal(key, first, values);
  if (degrees_of_freedom == 0) return;
  const double scale = student_scale(key, degrees_of_freedom);
  for (float& value : values) value = static_cast<float>(scale * static_cast<double>(value));
}

void fill_uniform(const StreamKey& key, std::uint64_t first, std::span<double> values) {
  fill(first, values, [&](std::uint64_t i_block) { return uniform_block(key, i_block); });
}

double uniform(const StreamKey& key, std::uint64_t index) {
  double value = 0;
  fill_uniform(key, index, {&value, 1});
  return value;
}

std::uint64_t uniform_below(const StreamKey& key, std::uint64_t index, std::uint64_t n) {
  HINDSCALE_ASSERT(n > 0);
  __extension__ typedef unsigned __int128 Wide;
  const Words words = block_of_stream(key, index / words_per_block);
  // The high half of word * n: off an exactly uniform integer by at most n / 2^64.
  return static_cast<std::uint64_t>((Wide{words[index % words_per_block]} * n) >> 64);
}

}  // namespace hindscale
