// SPDX-License-Identifier: Apache-2.0
// Self-attention over the places of one sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "hindscale/kernel/bfloat16.hpp"

namespace hindscale {

/// mixed = softmax(Q K' / sqrt(channels)) V by blocks of query rows: the scores of all pairs of
/// places never exist together. On one thread; may be run by several at a time, each with its
/// own scratch memory. SystemError where oneDNN cannot do it.
template <class T>
class Attention {
 public:
  Attention(std::int64_t places, std::int64_t channels);
  ~Attention();
  Attention(Attention&&) noexcept;
  Attention& operator=(Attention&&) noexcept;

  /// qkv [places, 3 channels]: queries, keys and values of a place side by side -> mixed [places,
  /// channels].
  void run(const T* qkv, T* mixed, std::byte* scratch) const;

  [[nodiscard]] std::size_t scratch_bytes() const;

 private:
  struct Block;
  std::int64_t places_, channels_;
  std::unique_ptr<Block> whole_, rest_;  ///< rest: of the last rows, where they fill no block
};

}  // namespace hindscale
