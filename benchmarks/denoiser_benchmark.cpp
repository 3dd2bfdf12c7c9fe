// SPDX-License-Identifier: Apache-2.0
// Question: how long do one evaluation and one training step of each preset take, and how near is
// that to the machine's limit?
#include <benchmark/benchmark.h>
#include <torch/torch.h>
#include <torch/version.h>

#include "hindscale/model/devices.hpp"
#include "hindscale/model/unet.hpp"

namespace {

using hindscale::UNet;

// Thousand operations of one evaluation for each grid point; a multiply-add is two
// (tests/reference/model/reference.py --count).
constexpr double small_kflop_a_point = 474;
constexpr double dpdm_kflop_a_point = 2 * 13057916.928 / (128 * 128);

struct Case {
  const char* preset;
  std::int64_t in_channels, out_channels, height, width;
  double kflop_a_point;
};
const Case small_tile{"small", 17, 2, 40, 80, small_kflop_a_point};
const Case small_patch{"small", 17, 2, 40, 48, small_kflop_a_point};
const Case dpdm_tile{"dpdm", 4, 1, 128, 128, dpdm_kflop_a_point};

void report(benchmark::State& state, const Case& shape, double passes) {
  const double flop = passes * 1e3 * shape.kflop_a_point *
                      static_cast<double>(state.range(0) * shape.height * shape.width);
  state.counters["FLOP/s"] =
      benchmark::Counter(flop, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["samples/s"] = benchmark::Counter(static_cast<double>(state.range(0)),
                                                   benchmark::Counter::kIsIterationInvariantRate);
  state.SetLabel("LibTorch " TORCH_VERSION ", cpu, " + std::to_string(state.range(1)) +
                 " thread(s)");
}

void evaluate(benchmark::State& state, const Case& shape) {
  hindscale::set_threads(static_cast<int>(state.range(1)));
  const torch::NoGradGuard no_gradient;
  UNet network(hindscale::network_preset(shape.preset, shape.in_channels, shape.out_channels), 1);
  network->eval();
  const torch::Tensor x =
      torch::randn({state.range(0), shape.in_channels, shape.height, shape.width});
  const torch::Tensor time = torch::full({1}, 500);
  for (auto _ : state) benchmark::DoNotOptimize(network->forward(x, time).data_ptr());
  report(state, shape, 1);
}

void train(benchmark::State& state, const Case& shape) {
  hindscale::set_threads(static_cast<int>(state.range(1)));
  UNet network(hindscale::network_preset(shape.preset, shape.in_channels, shape.out_channels), 1);
  const torch::Tensor x =
      torch::randn({state.range(0), shape.in_channels, shape.height, shape.width});
  const torch::Tensor time = torch::arange(state.range(0));
  const std::vector<std::uint64_t> patches(static_cast<std::size_t>(state.range(0)), 7);
  std::uint64_t step = 0;
  for (auto _ : state) {
    network->zero_grad(/*set_to_none=*/true);
    network->set_dropout_stream(1, step++, patches);
    network->forward(x, time).square().mean().backward();
  }
  report(state, shape, 3);
}

BENCHMARK_CAPTURE(evaluate, small, small_tile)
    ->Args({4, 1})
    ->Args({16, 1})
    ->Args({16, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(evaluate, dpdm, dpdm_tile)
    ->Args({1, 1})
    ->Args({1, 2})
    ->Args({4, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(train, small, small_patch)
    ->Args({4, 1})
    ->Args({8, 1})
    ->Args({8, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
