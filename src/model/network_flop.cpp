// SPDX-License-Identifier: Apache-2.0
// The operations of one evaluation, counted along the network as it is built.
#include "hindscale/model/architecture.hpp"
#include "unet_plan.hpp"

namespace hindscale {
namespace {

/// Multiply-adds, with the resolution and channels of the place reached.
class Counter {
 public:
  Counter(std::int64_t height, std::int64_t width) : places_(static_cast<double>(height * width)) {}

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
  void twice() { places_ *= 4; }
  void add(const UNetStep& step) {
    if (step.kind == UNetStep::Kind::block)
      return block(step.in_channels + step.kept_channels, step.out_channels, step.attends);
    places_ *= step.kind == UNetStep::Kind::halving ? 0.25 : 4;
    convolve(step.in_channels, step.out_channels);
  }
  [[nodiscard]] double sum() const { return sum_; }

 private:
  double places_, sum_ = 0;
};

double flop_of_edsr(const NetworkConfig& config, std::int64_t height, std::int64_t width) {
  const std::int64_t fold = config.divisor(), channels = config.channels;
  Counter count(height / fold, width / fold);
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
  Counter count(height, width);
  count.convolve(config.seen_channels(), config.channels);
  const UNetPlan plan = unet_plan(config);
  for (const auto* steps : {&plan.down, &plan.middle, &plan.up})
    for (const UNetStep& step : *steps) count.add(step);
  count.convolve(plan.up.back().out_channels, config.out_channels);
  return 2 * count.sum();
}

}  // namespace hindscale
