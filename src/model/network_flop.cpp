// SPDX-License-Identifier: Apache-2.0
// The operations of one evaluation, counted along the network as it is built.
#include <algorithm>
#include <vector>

#include "hindscale/model/architecture.hpp"

namespace hindscale {
namespace {

/// Multiply-adds, with the resolution and channels of the place reached.
class Counter {
 public:
  Counter(const NetworkConfig& config, std::int64_t height, std::int64_t width)
      : config_(config), places_(static_cast<double>(height * width)) {}

  void convolve(std::int64_t in, std::int64_t out, double kernel = 9) {
    sum_ += places_ * kernel * static_cast<double>(in) * static_cast<double>(out);
  }
  void block(std::int64_t in, std::int64_t out, bool attends) {
    convolve(in, out);
    convolve(out, out);
    if (in != out) convolve(in, out, 1);
    if (!attends) return;
    convolve(out, 4 * out, 1);  // queries, keys and values; output
    sum_ += 2 * places_ * places_ * static_cast<double>(out);
  }
  void halve() { places_ /= 4; }
  void twice() { places_ *= 4; }
  [[nodiscard]] bool attends(std::size_t level) const {
    return std::ranges::count(config_.attention_levels, static_cast<std::int64_t>(level)) > 0;
  }
  [[nodiscard]] double sum() const { return sum_; }

 private:
  const NetworkConfig& config_;
  double places_, sum_ = 0;
};

double flop_of_edsr(const NetworkConfig& config, std::int64_t height, std::int64_t width) {
  const std::int64_t fold = config.divisor(), channels = config.channels;
  Counter count(config, height / fold, width / fold);
  count.convolve(config.in_channels * fold * fold, channels);
  for (std::int64_t i = 0; i < config.residual_blocks; ++i) count.block(channels, channels, false);
  count.convolve(channels, channels);
  for (std::int64_t scale = 1; scale < fold; scale *= 2) {
    count.convolve(channels, 4 * channels);
    count.twice();
  }
  count.convolve(channels, config.out_channels);
  return 2 * count.sum();
}

}  // namespace

double flop_of(const NetworkConfig& config, std::int64_t height, std::int64_t width) {
  if (config.architecture == Architecture::edsr) return flop_of_edsr(config, height, width);
  Counter count(config, height, width);
  std::int64_t current = config.channels;
  std::vector<std::int64_t> kept{current};
  count.convolve(config.in_channels, current);
  for (std::size_t level = 0; level < config.multipliers.size(); ++level) {
    const std::int64_t channels = config.channels * config.multipliers[level];
    for (std::int64_t i = 0; i < config.residual_blocks; ++i) {
      count.block(current, channels, count.attends(level));
      kept.push_back(current = channels);
    }
    if (level + 1 == config.multipliers.size()) break;
    count.halve();
    count.convolve(current, current);
    kept.push_back(current);
  }
  count.block(current, current, config.attention_middle);
  if (config.attention_middle) count.block(current, current, false);
  for (std::size_t level = config.multipliers.size(); level-- > 0;) {
    const std::int64_t channels = config.channels * config.multipliers[level];
    for (std::int64_t i = 0; i <= config.residual_blocks; ++i) {
      count.block(current + kept.back(), channels, count.attends(level));
      kept.pop_back();
      current = channels;
    }
    if (level == 0) break;
    count.twice();
    count.convolve(current, current);
  }
  count.convolve(current, config.out_channels);
  return 2 * count.sum();
}

}  // namespace hindscale
