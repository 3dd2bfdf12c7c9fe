// SPDX-License-Identifier: Apache-2.0
// Dropout masks from counters: the same for a sample in any batch, on any rank.
#include <torch/types.h>

#include <algorithm>

#include "hindscale/model/blocks.hpp"

namespace hindscale {

namespace {

/// The finaliser of SplitMix64 (Steele et al. 2014): a bijection of 64 bits without visible
/// structure.
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;
constexpr std::uint64_t values_a_word = 4;  // 16 random bits decide over one value

/// SplitMix64 as counter-based generator: word i is mix(key + i golden).
void fill_mask(std::uint64_t key, double dropout, float* values, std::uint64_t count) {
  const auto threshold = static_cast<std::uint64_t>(dropout * 65536.0 + 0.5);
  const auto kept = static_cast<float>(65536.0 / (65536.0 - static_cast<double>(threshold)));
  for (std::uint64_t i = 0; i < count; i += values_a_word) {
    const std::uint64_t word = mix(key + (i / values_a_word + 1) * golden);
    const std::uint64_t last = std::min(values_a_word, count - i);
    for (std::uint64_t j = 0; j < last; ++j) {
      values[i + j] = ((word >> (16U * j)) & 0xffffU) < threshold ? 0.0F : kept;
    }
  }
}

}  // namespace

std::uint64_t dropout_key(std::uint64_t seed, std::uint64_t step, std::uint64_t patch_id) {
  return mix(mix(mix(seed + golden) + step) + patch_id);
}

torch::Tensor dropout_mask(const DropoutStream& stream, const ResidualBlockConfig& config,
                           std::int64_t height, std::int64_t width) {
  const auto n = static_cast<std::int64_t>(stream.sample_keys.size());
  const bool whole = config.dropout_unit == DropoutUnit::channel;
  torch::Tensor mask = torch::empty({n, whole ? 1 : height, whole ? 1 : width, config.out_channels},
                                    torch::kFloat32);
  const auto count = static_cast<std::uint64_t>(mask.numel() / n);
  float* values = mask.data_ptr<float>();
  for (std::uint64_t i = 0; i < stream.sample_keys.size(); ++i) {
    fill_mask(mix(stream.sample_keys[i] ^ mix(config.layer + golden)), config.dropout,
              values + i * count, count);
  }
  return mask.permute({0, 3, 1, 2});
}

}  // namespace hindscale
