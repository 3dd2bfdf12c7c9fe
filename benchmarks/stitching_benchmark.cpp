// SPDX-License-Identifier: Apache-2.0
// Question: how long do cutting a field into overlapping tiles and fusing them take, from the size
// of the shipped example to that of a 0.1 degree globe, and is that small beside one evaluation of
// the network on the same tiles?
#include <benchmark/benchmark.h>

#include <string>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/comm/runtime.hpp"
#include "hindscale/random/random.hpp"
#include "hindscale/tiling/tiling.hpp"

namespace {

using hindscale::Array;
using hindscale::TileLayout;
using hindscale::TilingOptions;
using hindscale::Window;

struct Domain {
  std::size_t n_rows = 0;
  std::size_t n_columns = 0;
  bool periodic = false;
  TilingOptions tiling{};
};
constexpr std::size_t n_channels = 2;
const Domain globe_2_5_degrees{73, 144, true, {40, 80, 16}};
const Domain region_400_700{400, 700, false, {128, 128, 32}};
const Domain globe_0_1_degrees{1801, 3600, true, {128, 128, 32}};

/// A field, its tiles and where they lie.
struct Tiled {
  explicit Tiled(const Domain& domain)
      : layout(domain.n_rows, domain.n_columns, domain.periodic, domain.tiling),
        field({n_channels, domain.n_rows, domain.n_columns}),
        tiles({layout.tiles().size(), n_channels, domain.tiling.n_rows, domain.tiling.n_columns}) {
    hindscale::fill_normal({.seed = 1}, 0, field.flat());
    cut();
  }
  void cut() {
    for (std::size_t i = 0; i < layout.tiles().size(); ++i)
      hindscale::extract(field, layout.tiles()[i], tiles[i]);
  }
  TileLayout layout;
  Array<float, 3> field;
  Array<float, 4> tiles;
};

/// Cells of the field and bytes of field and tiles, a second.
void report(benchmark::State& state, const Tiled& tiled) {
  const auto n_iterations = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(n_iterations * static_cast<std::int64_t>(tiled.field.size()));
  state.SetBytesProcessed(
      n_iterations *
      static_cast<std::int64_t>((tiled.field.size() + tiled.tiles.size()) * sizeof(float)));
  state.SetLabel(std::to_string(tiled.layout.tiles().size()) + " tiles");
}

void extract(benchmark::State& state, const Domain& domain) {
  Tiled tiled(domain);
  for (auto _ : state) {
    tiled.cut();
    benchmark::DoNotOptimize(tiled.tiles.data());
    benchmark::ClobberMemory();
  }
  report(state, tiled);
}

void stitch(benchmark::State& state, const Domain& domain) {
  Tiled tiled(domain);
  for (auto _ : state) {
    hindscale::stitch(tiled.layout, tiled.tiles, tiled.field);
    benchmark::DoNotOptimize(tiled.field.data());
    benchmark::ClobberMemory();
  }
  report(state, tiled);
}

BENCHMARK_CAPTURE(extract, globe_2_5_degrees, globe_2_5_degrees)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(extract, region_400_700, region_400_700)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(extract, globe_0_1_degrees, globe_0_1_degrees)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stitch, globe_2_5_degrees, globe_2_5_degrees)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stitch, region_400_700, region_400_700)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stitch, globe_0_1_degrees, globe_0_1_degrees)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  const hindscale::Runtime runtime(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("ranks", std::to_string(hindscale::Communicator::world().size()));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
