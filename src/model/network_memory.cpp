// SPDX-License-Identifier: Apache-2.0
// What a pass of a training keeps, counted along the network as it is built.
#include <algorithm>

#include "hindscale/model/architecture.hpp"
#include "unet_plan.hpp"

namespace hindscale {
namespace {

/// Maps kept for the way back, with the resolution of the place reached.
class KeptMaps {
 public:
  KeptMaps(std::int64_t height, std::int64_t width, std::int64_t bytes_a_value, bool recomputes)
      : places_(static_cast<double>(height * width)),
        bytes_a_value_(static_cast<double>(bytes_a_value)),
        recomputes_(recomputes) {}

  void keep(std::int64_t channels) { memory_.kept += seen(channels); }
  void twice() { places_ *= 4; }
  void add(const UNetStep& step) {
    if (step.kind == UNetStep::Kind::block) return block(step);
    if (step.kind == UNetStep::Kind::doubling) twice();
    keep(step.in_channels);
    if (step.kind == UNetStep::Kind::halving) places_ /= 4;
  }
  [[nodiscard]] PassMemory memory() const { return {memory_.kept + of_a_block_, memory_.largest}; }

 private:
  double seen(std::int64_t channels) {
    const double bytes = places_ * static_cast<double>(channels) * bytes_a_value_;
    memory_.largest = std::max(memory_.largest, bytes);
    return bytes;
  }
  void block(const UNetStep& step) {
    const std::int64_t in = step.in_channels + step.kept_channels, out = step.out_channels;
    keep(in);
    double inside = seen(in) + 2 * seen(out);  // normalised, between the convolutions, normalised
    if (step.attends) {
      constexpr int maps = 7;  // input, normalised, queries scaled and not, keys, values, mixed
      inside += maps * seen(out) + 2 * places_ * places_ * bytes_a_value_;
    }
    if (recomputes_) {
      of_a_block_ = std::max(of_a_block_, inside);
    } else {
      memory_.kept += inside;
    }
  }

  double places_, bytes_a_value_;
  bool recomputes_;
  PassMemory memory_;
  double of_a_block_ = 0;  ///< one at a time
};

PassMemory memory_of_edsr(const NetworkConfig& config, KeptMaps maps) {
  const std::int64_t channels = config.channels, fold = config.divisor();
  maps.keep(config.in_channels * fold * fold);
  for (std::int64_t i = 0; i < 2 * config.residual_blocks + 1; ++i) maps.keep(channels);
  for (std::int64_t scale = 1; scale < fold; scale *= 2) {
    maps.keep(channels);
    maps.twice();
  }
  maps.keep(channels);
  return maps.memory();
}

}  // namespace

PassMemory pass_memory(const NetworkConfig& config, std::int64_t height, std::int64_t width,
                       std::int64_t bytes_a_value, bool recomputes) {
  if (config.architecture == Architecture::edsr) {
    const std::int64_t fold = config.divisor();
    return memory_of_edsr(config, {height / fold, width / fold, bytes_a_value, recomputes});
  }
  KeptMaps maps(height, width, bytes_a_value, recomputes);
  maps.keep(config.seen_channels());
  const UNetPlan plan = unet_plan(config);
  for (const auto* steps : {&plan.down, &plan.middle, &plan.up})
    for (const UNetStep& step : *steps) maps.add(step);
  for (int i = 0; i < 2; ++i) maps.keep(plan.up.back().out_channels);
  return maps.memory();
}

}  // namespace hindscale
