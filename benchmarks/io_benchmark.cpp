// SPDX-License-Identifier: Apache-2.0
// Question: how many bytes of fields a second does one rank commit as CF files in each format,
// digest and verification included, and how fast are random months read from the sample store?
// Writing has to be fast beside sampling, reading beside a training step.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/comm/runtime.hpp"
#include "hindscale/core/commit.hpp"
#include "hindscale/grid/grid.hpp"
#include "hindscale/io/field_file.hpp"
#include "hindscale/io/sample_store.hpp"
#include "hindscale/random/random.hpp"

namespace {

using hindscale::Communicator;
using hindscale::FieldFile;
using hindscale::FieldFileSpec;
using hindscale::FileFormat;
using hindscale::Grid;
using hindscale::Month;
using hindscale::StoreReader;
using hindscale::StoreWriter;

constexpr int n_months = 12;

/// A folder of its own, gone at the end of the benchmark.
class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("hindscale_io_" + std::to_string(::getpid()));
};

Grid globe(std::size_t n_rows) {
  const double step_degrees = 180.0 / static_cast<double>(n_rows);
  return hindscale::regular_grid({.west_edge = 0,
                                  .south_edge = -90,
                                  .step_longitude = step_degrees,
                                  .step_latitude = step_degrees,
                                  .n_columns = 2 * n_rows,
                                  .n_rows = n_rows});
}

std::vector<float> noise(std::size_t n_values) {
  std::vector<float> values(n_values);
  hindscale::fill_normal({.seed = 1}, 0, values);
  return values;
}

/// A year of one variable. Arguments: rows of the grid, deflate level, mantissa bits kept.
FieldFileSpec spec_of(const benchmark::State& state, FileFormat format, const Grid& grid) {
  FieldFileSpec spec;
  spec.format = format;
  spec.name = "uas";
  spec.deflate_level = static_cast<int>(state.range(1));
  spec.keep_bits = static_cast<int>(state.range(2));
  spec.grid = &grid;
  for (int i = 0; i < n_months; ++i) spec.months.push_back(Month(1836, 1) + i);
  return spec;
}

void commit_a_year(benchmark::State& state, FileFormat format) {
  const Folder folder;
  const Communicator self = Communicator::self();
  const Grid grid = globe(static_cast<std::size_t>(state.range(0)));
  const std::vector<float> record = noise(grid.n_rows() * grid.n_columns());
  FieldFileSpec spec = spec_of(state, format, grid);
  spec.path = folder.file("uas.nc");
  std::uint64_t bytes_on_disk = 0;
  for (auto _ : state) {
    FieldFile file(self, spec);
    for (std::size_t i = 0; i < n_months; ++i) file.write(i, record);
    bytes_on_disk = file.commit().bytes;
    state.PauseTiming();
    std::filesystem::remove(spec.path);
    state.ResumeTiming();
  }
  const std::size_t bytes = n_months * record.size() * sizeof(float);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.counters["size_ratio"] = static_cast<double>(bytes) / static_cast<double>(bytes_on_disk);
}

/// Header and records until they are on the disk, without digest, verification and renaming.
void write_a_year(benchmark::State& state) {
  const Folder folder;
  const Communicator self = Communicator::self();
  const Grid grid = globe(static_cast<std::size_t>(state.range(0)));
  const std::vector<float> record = noise(grid.n_rows() * grid.n_columns());
  FieldFileSpec spec = spec_of(state, FileFormat::cdf5, grid);
  spec.path = folder.file("uas.nc");
  for (auto _ : state) {
    {
      FieldFile file(self, spec);
      for (std::size_t i = 0; i < n_months; ++i) file.write(i, record);
      hindscale::sync_to_disk(hindscale::part_path(spec.path));
    }
    state.PauseTiming();
    std::filesystem::remove(hindscale::part_path(spec.path));
    state.ResumeTiming();
  }
  const std::size_t bytes = n_months * record.size() * sizeof(float);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}
BENCHMARK(write_a_year)
    ->Args({360, 0, 0})
    ->Args({1440, 0, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(commit_a_year, cdf5, FileFormat::cdf5)
    ->Args({72, 0, 0})
    ->Args({360, 0, 0})
    ->Args({1440, 0, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(commit_a_year, netcdf4, FileFormat::netcdf4)
    ->Args({72, 1, 0})
    ->Args({360, 0, 0})
    ->Args({360, 1, 0})
    ->Args({360, 1, 10})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

/// The limit beside it: as many bytes from memory to disk in large blocks, one file, no checks.
void write_plainly(benchmark::State& state) {
  constexpr std::size_t block_bytes = std::size_t{4} << 20;
  const Folder folder;
  const std::size_t n_rows = static_cast<std::size_t>(state.range(0));
  const std::vector<float> record = noise(n_rows * 2 * n_rows);
  std::vector<char> bytes(n_months * record.size() * sizeof(float));
  for (std::size_t i = 0; i < n_months; ++i)
    std::memcpy(bytes.data() + i * record.size() * sizeof(float), record.data(),
                record.size() * sizeof(float));
  for (auto _ : state) {
    const int file = ::open(folder.file("plain").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    for (std::size_t at = 0; at < bytes.size(); at += block_bytes) {
      const std::size_t n = std::min(block_bytes, bytes.size() - at);
      if (::write(file, bytes.data() + at, n) != static_cast<ssize_t>(n))
        state.SkipWithError("cannot write");
    }
    if (::fsync(file) != 0 || ::close(file) != 0) state.SkipWithError("cannot write");
    state.PauseTiming();
    std::filesystem::remove(folder.file("plain"));
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(write_plainly)->Arg(360)->Arg(1440)->UseRealTime()->Unit(benchmark::kMillisecond);

/// Arguments: rows of the grid. Two variables a month, read in an order that jumps.
void read_samples(benchmark::State& state) {
  constexpr std::size_t n_stored = 120;
  constexpr std::size_t n_channels = 2;
  constexpr std::size_t stride = 47;  // prime to n_stored: visits every month
  const auto n_rows = static_cast<std::size_t>(state.range(0));
  const std::size_t n_values = n_channels * n_rows * 2 * n_rows;
  const Folder folder;
  const Communicator self = Communicator::self();
  std::vector<float> sample = noise(n_values);
  {
    StoreWriter store(self, folder.file("samples.h5"));
    store.create("fine", {n_stored, n_channels, n_rows, 2 * n_rows},
                 StoreWriter::Layout::chunk_per_item);
    for (std::size_t i = 0; i < n_stored; ++i) store.write("fine", i, 1, sample);
    store.commit();
  }
  const StoreReader store(folder.file("samples.h5"));
  std::size_t i_month = 0;
  for (auto _ : state) {
    store.read("fine", i_month, 1, sample);
    i_month = (i_month + stride) % n_stored;
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(n_values * sizeof(float)));
}
BENCHMARK(read_samples)->Arg(72)->Arg(360)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace

int main(int argc, char** argv) {
  const hindscale::Runtime runtime(argc, argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("ranks", std::to_string(Communicator::world().size()));
  benchmark::AddCustomContext("folder", std::filesystem::temp_directory_path().string());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
