// SPDX-License-Identifier: Apache-2.0
#include "device_pack.cuh"
#include "hindscale/kernel/device_upsampling.hpp"

namespace hindscale::device {
namespace {

constexpr int reach = 2;  // coarse cells on each side of its own that a fine cell comes from

/// Keys' kernel with a = -0.75: how fine cell 2 j + parity depends on coarse cell j + distance.
__device__ float tap(int parity, int distance) {
  // At a quarter of a cell from the centre; the even cells lie on one side, the odd on the other.
  const int k = parity == 0 ? 1 - distance : distance + 1;
  switch (k) {
    case 0:
      return -0.10546875F;
    case 1:
      return 0.87890625F;
    case 2:
      return 0.26171875F;
    case 3:
      return -0.03515625F;
    default:
      return 0.0F;
  }
}

__device__ std::int64_t inside(std::int64_t i, std::int64_t n, Padding padding) {
  if (padding == Padding::periodic) return (i + 2 * n) % n;
  return i < 0 ? 0 : (i < n ? i : n - 1);
}

/// Where a thread works: a coarse cell of a sample and a pack of its channels.
struct Place {
  std::int64_t sample, row, column, channel;
};

__device__ Place place_of(const FeatureMap& map, int size) {
  const std::int64_t packs = map.channels / size,
                     i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  return {blockIdx.z, blockIdx.y, i / packs, i % packs * size};
}

/// The four fine cells of each coarse one. Grid [columns and packs, rows, n].
template <class T, int Size>
__global__ void refine(FeatureMap map, Padding padding, const T* x, T* fine) {
  const Place at = place_of(map, Size);
  if (at.column >= map.width) return;
  float sums[2][2][Size] = {};  // by parity of row and column
#pragma unroll
  for (int dy = -reach; dy <= reach; ++dy) {
    const std::int64_t row = at.sample * map.height + inside(at.row + dy, map.height, padding);
    float rows[2][Size] = {};
#pragma unroll
    for (int dx = -reach; dx <= reach; ++dx) {
      const std::int64_t cell = row * map.width + inside(at.column + dx, map.width, padding);
      const auto values =
          *reinterpret_cast<const Pack<T, Size>*>(x + cell * map.channels + at.channel);
#pragma unroll
      for (int k = 0; k < Size; ++k) {
        rows[0][k] += tap(0, dx) * as_float(values.values[k]);
        rows[1][k] += tap(1, dx) * as_float(values.values[k]);
      }
    }
#pragma unroll
    for (int k = 0; k < 4 * Size; ++k)
      sums[k / (2 * Size)][k / Size % 2][k % Size] +=
          tap(k / (2 * Size), dy) * rows[k / Size % 2][k % Size];
  }
#pragma unroll
  for (int p = 0; p < 4; ++p) {
    const std::int64_t row = at.sample * 2 * map.height + 2 * at.row + p / 2,
                       cell = row * 2 * map.width + 2 * at.column + p % 2;
    Pack<T, Size> made;
#pragma unroll
    for (int k = 0; k < Size; ++k) store(sums[p / 2][p % 2][k], made.values[k]);
    *reinterpret_cast<Pack<T, Size>*>(fine + cell * map.channels + at.channel) = made;
  }
}

/// Calls `use` with each fine place that coarse place i goes into, and how much of it.
template <class Use>
__device__ void each_fine(std::int64_t i, std::int64_t n, Padding padding, const Use& use) {
  // Beyond the edges stand copies of cells: those of i are in reach of fine cells as well.
  const bool wraps = padding == Padding::periodic;
  const std::int64_t step = wraps ? n : 1;
  const std::int64_t first = wraps ? i - n : (i == 0 ? -reach : i),
                     last = wraps ? i + n : (i == n - 1 ? n - 1 + reach : i);
  for (std::int64_t copy = first; copy <= last; copy += step) {
    for (std::int64_t j = copy - reach; j <= copy + reach; ++j) {
      if (j < 0 || j >= n) continue;
      const int distance = static_cast<int>(copy - j);
      for (int parity = 0; parity < 2; ++parity) {
        const float weight = tap(parity, distance);
        if (weight != 0.0F) use(2 * j + parity, weight);
      }
    }
  }
}

/// What the fine cells give back to each coarse one. Grid as above.
template <class T, int Size>
__global__ void gather(FeatureMap map, Padding padding, const T* fine, T* x) {
  const Place at = place_of(map, Size);
  if (at.column >= map.width) return;
  float sums[Size] = {};
  each_fine(at.row, map.height, padding, [&](std::int64_t row, float of_row) {
    each_fine(at.column, map.width, padding, [&](std::int64_t column, float of_column) {
      const std::int64_t cell = (at.sample * 2 * map.height + row) * 2 * map.width + column;
      const auto values =
          *reinterpret_cast<const Pack<T, Size>*>(fine + cell * map.channels + at.channel);
#pragma unroll
      for (int k = 0; k < Size; ++k) sums[k] += of_row * of_column * as_float(values.values[k]);
    });
  });
  const std::int64_t cell = (at.sample * map.height + at.row) * map.width + at.column;
  Pack<T, Size> made;
#pragma unroll
  for (int k = 0; k < Size; ++k) store(sums[k], made.values[k]);
  *reinterpret_cast<Pack<T, Size>*>(x + cell * map.channels + at.channel) = made;
}

constexpr unsigned block_threads = 128;

template <int Size>
dim3 grid_of(const UpsamplingCall& call) {
  const auto threads = static_cast<unsigned>(call.map.width * call.map.channels / Size);
  return {(threads + block_threads - 1) / block_threads, static_cast<unsigned>(call.map.height),
          static_cast<unsigned>(call.n)};
}

template <class T, int Size>
void run_refine(const UpsamplingCall& call, const T* x, T* fine) {
  refine<T, Size>
      <<<grid_of<Size>(call), block_threads, 0, call.stream>>>(call.map, call.padding, x, fine);
}

template <class T, int Size>
void run_gather(const UpsamplingCall& call, const T* fine, T* x) {
  gather<T, Size>
      <<<grid_of<Size>(call), block_threads, 0, call.stream>>>(call.map, call.padding, fine, x);
}

template <class T>
constexpr int pack_size = pack_bytes / sizeof(T);

}  // namespace

template <class T>
void upsample_bicubic(const UpsamplingCall& call, const T* x, T* fine) {
  constexpr int size = pack_size<T>;
  const auto run = call.map.channels % size == 0 ? run_refine<T, size> : run_refine<T, 1>;
  run(call, x, fine);
  check(cudaGetLastError(), "upsampling");
}

template <class T>
void upsample_bicubic_adjoint(const UpsamplingCall& call, const T* fine, T* x) {
  constexpr int size = pack_size<T>;
  const auto run = call.map.channels % size == 0 ? run_gather<T, size> : run_gather<T, 1>;
  run(call, fine, x);
  check(cudaGetLastError(), "upsampling");
}

template void upsample_bicubic(const UpsamplingCall&, const float*, float*);
template void upsample_bicubic(const UpsamplingCall&, const __nv_bfloat16*, __nv_bfloat16*);
template void upsample_bicubic_adjoint(const UpsamplingCall&, const float*, float*);
template void upsample_bicubic_adjoint(const UpsamplingCall&, const __nv_bfloat16*, __nv_bfloat16*);

}  // namespace hindscale::device
