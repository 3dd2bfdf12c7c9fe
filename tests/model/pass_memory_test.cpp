// SPDX-License-Identifier: Apache-2.0
// What a pass keeps for the way back, as counted along the network and as LibTorch allocates it.
#include <c10/core/Allocator.h>
#include <gtest/gtest.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <memory>

#include "hindscale/model/field_network.hpp"
#include "hindscale/model/precision.hpp"

namespace hindscale {
namespace {

#if TORCH_VERSION_MAJOR >= 2
using Total = std::size_t;
#else
using Total = std::int64_t;
#endif

/// Bytes of this thread's tensors that have been made and not yet freed.
class LiveBytes final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*data*/, std::int64_t bytes, Total /*allocated*/,
                         Total /*reserved*/, c10::Device /*device*/) override {
    live_ += static_cast<double>(bytes);
  }
  [[nodiscard]] bool memoryProfilingEnabled() const override { return true; }
  [[nodiscard]] double live() const { return live_; }

 private:
  double live_ = 0;
};

/// What a forward pass of `n` patches leaves allocated beside its output.
double bytes_left(const NetworkConfig& config, Precision precision, std::int64_t n,
                  std::int64_t height, std::int64_t width) {
  const FieldNetwork network = make_network(config, 1);
  network->set_precision(precision);
  network->train();
  const torch::Tensor x = torch::randn({n, config.in_channels, height, width}),
                      time = torch::full({n}, 10.0);
  const auto bytes = std::make_shared<LiveBytes>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, bytes);
  const torch::Tensor y = network->forward(x, time);
  return bytes->live() - static_cast<double>(y.nbytes());
}

struct Case {
  const char* name;
  NetworkConfig config;
};

std::vector<Case> cases() {
  NetworkConfig small = network_preset("small", 17, 2), published = network_preset("dpdm", 6, 2),
                edsr = network_preset("edsr", 9, 2);
  small.dropout = published.dropout = 0;
  return {{"small", small}, {"dpdm", published}, {"edsr", edsr}};
}

TEST(PassMemory, is_what_a_pass_leaves_allocated) {
  for (const auto& [name, config] : cases()) {
    for (const Precision precision : {Precision::float32, Precision::bfloat16}) {
      const std::int64_t a_value = precision == Precision::bfloat16 ? 2 : 4;
      for (const std::int64_t n : {1, 3}) {
        const double foretold =
            static_cast<double>(n) * pass_memory(config, 32, 48, a_value, false).kept;
        EXPECT_NEAR(bytes_left(config, precision, n, 32, 48) / foretold, 1, 0.05)
            << name << ", " << name_of(precision) << ", " << n;
      }
    }
  }
}

TEST(PassMemory, is_less_where_blocks_are_recomputed) {
  for (const char* preset : {"small", "dpdm"}) {
    const NetworkConfig config = network_preset(preset, 6, 2);
    const PassMemory kept = pass_memory(config, 64, 64, 2, false),
                     recomputed = pass_memory(config, 64, 64, 2, true);
    EXPECT_LT(recomputed.kept, 0.7 * kept.kept) << preset;
    EXPECT_EQ(recomputed.largest, kept.largest) << preset;
  }
}

}  // namespace
}  // namespace hindscale
