// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "device_pack.cuh"
#include "hindscale/kernel/device_passes.hpp"

namespace hindscale::device {
namespace {

constexpr int block_threads = 256, most_threads = 1024;
constexpr int most_channels = 2048;  // sums of more would not fit the shared memory of a block
constexpr float epsilon = 1e-5F;

/// A block's threads: `rows` places by `packs` packs of channels.
struct Block {
  int packs = 0, rows = 0;
  [[nodiscard]] unsigned threads() const { return static_cast<unsigned>(packs * rows); }
};

Block block_of(std::int64_t channels, int pack_size) {
  const int packs = static_cast<int>(channels / pack_size);
  HINDSCALE_ASSERT(packs <= most_threads);
  return {packs, std::max(1, block_threads / packs)};
}

/// Parts that the places of a sample are summed in: a function of the map's size only.
int parts_of(std::int64_t places) {
  constexpr std::int64_t places_a_part = 512, most = 64;
  return static_cast<int>(
      std::clamp<std::int64_t>((places + places_a_part - 1) / places_a_part, 1, most));
}

/// The pack of one place (counted through all samples).
template <class T, int Size>
__device__ Pack<T, Size> load(const Maps<T>& x, std::int64_t place, std::int64_t channel) {
  const bool is_first = channel < x.first_channels;
  const T* map = is_first ? x.first + place * x.first_channels + channel
                          : x.second + place * x.second_channels + (channel - x.first_channels);
  return *reinterpret_cast<const Pack<T, Size>*>(map);
}

/// Sums and sums of squares of each channel over one part of a sample's places:
/// sums [n, parts, 2, channels]. Grid [parts, n].
template <class T, int Size>
__global__ void sum_part(Maps<T> x, std::int64_t places, Block block, float* sums) {
  extern __shared__ float shared[];  // [2, rows, channels]
  const int pack = static_cast<int>(threadIdx.x) % block.packs,
            row = static_cast<int>(threadIdx.x) / block.packs;
  const std::int64_t channels = x.channels(), parts = gridDim.x, part = blockIdx.x, i = blockIdx.y;
  const std::int64_t first = part * places / parts, last = (part + 1) * places / parts;
  float sum[Size] = {}, square[Size] = {};
#pragma unroll 4
  for (std::int64_t place = first + row; place < last; place += block.rows) {
    const auto values = load<T, Size>(x, i * places + place, pack * Size);
#pragma unroll
    for (int k = 0; k < Size; ++k) {
      const float value = as_float(values.values[k]);
      sum[k] += value;
      square[k] += value * value;
    }
  }
  float* squares = shared + block.rows * channels;
#pragma unroll
  for (int k = 0; k < Size; ++k) {
    shared[row * channels + pack * Size + k] = sum[k];
    squares[row * channels + pack * Size + k] = square[k];
  }
  __syncthreads();
  float* mine = sums + (i * parts + part) * 2 * channels;
  for (std::int64_t c = threadIdx.x; c < 2 * channels; c += blockDim.x) {
    const float* column = c < channels ? shared + c : squares + (c - channels);
    float total = 0;
    for (int r = 0; r < block.rows; ++r) total += column[r * channels];
    mine[c] = total;
  }
}

/// Mean and inverse deviation of a group, from its channels' `sums` [2, channels] of x without
/// offset.
__device__ void find_moments(const NormCall& call, const double* sums, std::int64_t channels,
                             std::int64_t group, double* moments) {
  const std::int64_t a_group = channels / call.groups;
  const auto places = static_cast<double>(call.places);
  double sum = 0, square = 0;
  for (std::int64_t c = group * a_group; c < (group + 1) * a_group; ++c) {
    const double offset = call.offset != nullptr ? call.offset[c] : 0.0;
    sum += sums[c] + places * offset;
    square += sums[channels + c] + 2 * offset * sums[c] + places * offset * offset;
  }
  const double count = places * static_cast<double>(a_group), mean = sum / count;
  moments[0] = mean;
  moments[1] = rsqrt(fmax(square / count - mean * mean, 0.0) + static_cast<double>(epsilon));
}

/// What the normalisation does to x without its offset: slopes [n, 2, channels], scale and shift.
/// Grid [n].
__global__ void find_slopes(const float* sums, NormCall call, int parts, int channels,
                            float* slopes) {
  extern __shared__ double totals[];  // [2, channels], then [groups, 2]
  const std::int64_t i = blockIdx.x, a_group = channels / call.groups;
  double* moments = totals + 2 * channels;
  for (std::int64_t c = threadIdx.x; c < 2 * channels; c += blockDim.x) {
    double total = 0;
#pragma unroll 8
    for (int part = 0; part < parts; ++part) total += sums[(i * parts + part) * 2 * channels + c];
    totals[c] = total;
  }
  __syncthreads();
  for (std::int64_t g = threadIdx.x; g < call.groups; g += blockDim.x)
    find_moments(call, totals, channels, g, moments + 2 * g);
  __syncthreads();
  for (std::int64_t c = threadIdx.x; c < channels; c += blockDim.x) {
    const double* own = moments + 2 * (c / a_group);
    const double scale = own[1] * call.weight[c];
    const double offset = call.offset != nullptr ? call.offset[c] : 0.0;
    slopes[i * 2 * channels + c] = static_cast<float>(scale);
    slopes[i * 2 * channels + channels + c] =
        static_cast<float>(call.bias[c] + (offset - own[0]) * scale);
  }
}

/// y = x scale + shift, activated. Grid [any, n].
template <class In, class Out, int Size>
__global__ void apply_slopes(Maps<In> x, NormCall call, Block block, const float* slopes, Out* y) {
  const int pack = static_cast<int>(threadIdx.x) % block.packs,
            row = static_cast<int>(threadIdx.x) / block.packs;
  const std::int64_t channels = x.channels(), i = blockIdx.y;
  const auto* own = slopes + i * 2 * channels + pack * Size;
  float scale[Size], shift[Size];
#pragma unroll
  for (int k = 0; k < Size; ++k) {
    scale[k] = own[k];
    shift[k] = own[channels + k];
  }
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block.rows;
#pragma unroll 4
  for (std::int64_t place = blockIdx.x * block.rows + row; place < call.places; place += step) {
    const std::int64_t at = i * call.places + place;
    const auto values = load<In, Size>(x, at, pack * Size);
    Pack<Out, Size> made;
#pragma unroll
    for (int k = 0; k < Size; ++k) {
      const float value = as_float(values.values[k]) * scale[k] + shift[k];
      store(call.is_silu ? value / (1 + __expf(-value)) : value, made.values[k]);
    }
    *reinterpret_cast<Pack<Out, Size>*>(y + at * channels + pack * Size) = made;
  }
}

/// sum = x + y + bias. Grid [any].
template <class A, class B, int Size>
__global__ void sum_places(const A* x, const B* y, SumCall call, Block block, float* sum) {
  const int pack = static_cast<int>(threadIdx.x) % block.packs,
            row = static_cast<int>(threadIdx.x) / block.packs;
  float own[Size];
#pragma unroll
  for (int k = 0; k < Size; ++k) own[k] = call.bias[pack * Size + k];
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * block.rows;
#pragma unroll 4
  for (std::int64_t place = blockIdx.x * block.rows + row; place < call.places; place += step) {
    const std::int64_t at = place * call.channels + pack * Size;
    const auto first = *reinterpret_cast<const Pack<A, Size>*>(x + at);
    const auto second = *reinterpret_cast<const Pack<B, Size>*>(y + at);
    Pack<float, Size> made;
#pragma unroll
    for (int k = 0; k < Size; ++k)
      made.values[k] = as_float(first.values[k]) + (as_float(second.values[k]) + own[k]);
    *reinterpret_cast<Pack<float, Size>*>(sum + at) = made;
  }
}

/// Blocks that give each thread about four places.
unsigned blocks_for(std::int64_t places, const Block& block) {
  constexpr std::int64_t places_a_thread = 4, most = 65535;
  const std::int64_t a_block = block.rows * places_a_thread;
  return static_cast<unsigned>(std::clamp<std::int64_t>((places + a_block - 1) / a_block, 1, most));
}

template <class In, class Out, int Size>
void run_norm(const Maps<In>& x, const NormCall& call, Out* y) {
  const auto channels = static_cast<int>(x.channels()), groups = static_cast<int>(call.groups);
  const auto n = static_cast<unsigned>(call.n);
  const Block block = block_of(channels, Size);
  const int parts = parts_of(call.places);
  float *sums = call.memory, *slopes = sums + call.n * parts * 2 * channels;
  const std::size_t row_bytes = sizeof(float) * 2 * static_cast<std::size_t>(channels),
                    shared = row_bytes * static_cast<std::size_t>(block.rows),
                    totals = sizeof(double) * 2 * static_cast<std::size_t>(channels + groups);
  sum_part<In, Size>
      <<<dim3(static_cast<unsigned>(parts), n), block.threads(), shared, call.stream>>>(
          x, call.places, block, sums);
  find_slopes<<<n, block_threads, totals, call.stream>>>(sums, call, parts, channels, slopes);
  apply_slopes<In, Out, Size>
      <<<dim3(blocks_for(call.places, block), n), block.threads(), 0, call.stream>>>(x, call, block,
                                                                                     slopes, y);
  check(cudaGetLastError(), "group normalisation");
}

template <class A, class B, int Size>
void run_sum(const A* x, const B* y, const SumCall& call, float* sum) {
  const Block block = block_of(call.channels, Size);
  sum_places<A, B, Size>
      <<<blocks_for(call.places, block), block.threads(), 0, call.stream>>>(x, y, call, block, sum);
  check(cudaGetLastError(), "sum of maps");
}

/// Channels that one load of the smaller type takes.
template <class A, class B>
constexpr int pack_size = pack_bytes / std::min(sizeof(A), sizeof(B));

}  // namespace

std::int64_t norm_memory(const NormCall& call, std::int64_t channels) {
  return call.n * 2 * channels * (parts_of(call.places) + 1);
}

template <class In, class Out>
void group_norm(const Maps<In>& x, const NormCall& call, Out* y) {
  HINDSCALE_ASSERT(x.channels() % call.groups == 0 && x.channels() <= most_channels);
  constexpr int size = pack_size<In, Out>;
  const bool is_whole = x.first_channels % size == 0 && x.second_channels % size == 0;
  const auto run = is_whole ? run_norm<In, Out, size> : run_norm<In, Out, 1>;
  run(x, call, y);
}

template <class A, class B>
void sum_of_maps(const A* x, const B* y, const SumCall& call, float* sum) {
  constexpr int size = pack_size<A, B>;
  const auto run = call.channels % size == 0 ? run_sum<A, B, size> : run_sum<A, B, 1>;
  run(x, y, call, sum);
}

template void group_norm(const Maps<float>&, const NormCall&, float*);
template void group_norm(const Maps<float>&, const NormCall&, __nv_bfloat16*);
template void group_norm(const Maps<__nv_bfloat16>&, const NormCall&, float*);
template void group_norm(const Maps<__nv_bfloat16>&, const NormCall&, __nv_bfloat16*);
template void sum_of_maps(const float*, const float*, const SumCall&, float*);
template void sum_of_maps(const float*, const __nv_bfloat16*, const SumCall&, float*);
template void sum_of_maps(const __nv_bfloat16*, const float*, const SumCall&, float*);
template void sum_of_maps(const __nv_bfloat16*, const __nv_bfloat16*, const SumCall&, float*);

}  // namespace hindscale::device
