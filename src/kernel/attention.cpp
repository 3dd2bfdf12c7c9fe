// SPDX-License-Identifier: Apache-2.0
#include "hindscale/kernel/attention.hpp"

#include <algorithm>
#include <cmath>

#include "hindscale/kernel/loops.hpp"
#include "onednn.hpp"

namespace hindscale {
namespace {

using dnnl::memory;

constexpr std::int64_t block_rows = 128;  // their scores against 1024 places fill half a MiB

constexpr std::size_t aligned(std::size_t bytes) {
  return (bytes + 63) / 64 * 64;
}

}  // namespace

/// The products of `rows` queries with all keys and all values.
template <class T>
struct Attention<T>::Block {
  Block(std::int64_t n_rows, std::int64_t places, std::int64_t channels)
      : rows(n_rows), n_places(places), n_channels(channels) {
    const std::int64_t stride = 3 * channels;
    const memory::data_type type = onednn::type_of<T>();
    onednn::built("the products of attention", [&] {
      const memory::desc queries({rows, channels}, type, memory::dims{stride, 1}),
          keys({channels, places}, type, memory::dims{1, stride}),
          pairs({rows, places}, memory::data_type::f32, memory::dims{places, 1}),
          shares({rows, places}, type, memory::dims{places, 1}),
          values({places, channels}, type, memory::dims{stride, 1}),
          sums({rows, channels}, type, memory::dims{channels, 1});
      scores = {{queries, keys, pairs}, onednn::own_scratch(), onednn::engine()};
      mixture = {{shares, values, sums}, onednn::own_scratch(), onednn::engine()};
      score = dnnl::matmul(scores);
      mix = dnnl::matmul(mixture);
    });
  }

  [[nodiscard]] std::size_t pair_bytes(std::size_t each) const {
    return aligned(static_cast<std::size_t>(rows * n_places) * each);
  }
  [[nodiscard]] std::size_t scratch_bytes() const {
    return pair_bytes(sizeof(float)) + pair_bytes(sizeof(T)) +
           std::max(scores.scratchpad_desc().get_size(), mixture.scratchpad_desc().get_size());
  }

  void run(const T* queries, const T* qkv, T* mixed, std::byte* scratch) const {
    auto* pairs = reinterpret_cast<float*>(scratch);
    auto* shares = reinterpret_cast<T*>(scratch + pair_bytes(sizeof(float)));
    std::byte* rest = scratch + pair_bytes(sizeof(float)) + pair_bytes(sizeof(T));
    const auto multiply = [&](const dnnl::matmul& product, const auto& shape, const T* a,
                              const T* b, auto* c) {
      product.execute(onednn::stream(),
                      {{DNNL_ARG_SRC, onednn::memory_of(shape.src_desc(), a)},
                       {DNNL_ARG_WEIGHTS, onednn::memory_of(shape.weights_desc(), b)},
                       {DNNL_ARG_DST, onednn::memory_of(shape.dst_desc(), c)},
                       {DNNL_ARG_SCRATCHPAD, onednn::memory_of(shape.scratchpad_desc(), rest)}});
    };
    multiply(score, scores, queries, qkv + n_channels, pairs);
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(n_channels)));
    loops::softmax(pairs, {rows, n_places}, scale, shares);
    multiply(mix, mixture, shares, qkv + 2 * n_channels, mixed);
  }

  std::int64_t rows, n_places, n_channels;
  dnnl::matmul::primitive_desc scores, mixture;
  dnnl::matmul score, mix;
};

template <class T>
Attention<T>::Attention(std::int64_t places, std::int64_t channels)
    : places_(places), channels_(channels) {
  const std::int64_t rows = std::min(block_rows, places), rest = places % rows;
  whole_ = std::make_unique<Block>(rows, places, channels);
  if (rest > 0) rest_ = std::make_unique<Block>(rest, places, channels);
}

template <class T>
Attention<T>::~Attention() = default;
template <class T>
Attention<T>::Attention(Attention&&) noexcept = default;
template <class T>
Attention<T>& Attention<T>::operator=(Attention&&) noexcept = default;

template <class T>
std::size_t Attention<T>::scratch_bytes() const {
  return std::max(whole_->scratch_bytes(), rest_ ? rest_->scratch_bytes() : 0);
}

template <class T>
void Attention<T>::run(const T* qkv, T* mixed, std::byte* scratch) const {
  for (std::int64_t first = 0; first < places_; first += whole_->rows) {
    const Block& block = first + whole_->rows <= places_ ? *whole_ : *rest_;
    block.run(qkv + first * 3 * channels_, qkv, mixed + first * channels_, scratch);
  }
}

template class Attention<float>;
template class Attention<BFloat16>;

}  // namespace hindscale
