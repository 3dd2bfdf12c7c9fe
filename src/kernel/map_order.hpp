// SPDX-License-Identifier: Apache-2.0
// Maps in the order that a convolution of oneDNN is fast with.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hindscale/kernel/convolution.hpp"
#include "onednn.hpp"

namespace hindscale::onednn {

/// Our maps are channels-last. With AVX-512 oneDNN is fast with that order. Without it, it is up to
/// nearly three times as fast with one of its own choice where maps are too large for the caches:
/// there it pays to reorder them. `values`: of a sample's input and output together.
inline dnnl::memory::format_tag map_order(std::int64_t kernel, std::int64_t stride,
                                          std::int64_t values) {
  using Tag = dnnl::memory::format_tag;
  constexpr std::int64_t many = std::int64_t{1} << 20;
  static const bool is_wide = bfloat16_support() != BFloat16Support::none;
  return is_wide || kernel == 1 || stride > 1 || values < many ? Tag::nhwc : Tag::any;
}

/// `bytes` so many more that what comes behind starts on a cache line.
inline std::size_t whole_lines(std::size_t bytes) {
  constexpr std::size_t line = 64;
  return (bytes + line - 1) / line * line;
}

/// A map of ours as a primitive takes it: the same memory, or a reordered copy in memory of the
/// caller. May be used by several threads at a time.
class SeenMap {
 public:
  SeenMap() = default;
  SeenMap(const dnnl::memory::desc& own, const dnnl::memory::desc& seen) : own_(own), seen_(seen) {
    if (!is_copy()) return;
    to_seen_ = dnnl::reorder({engine(), own_, engine(), seen_});
    to_own_ = dnnl::reorder({engine(), seen_, engine(), own_});
  }

  /// Of the copy.
  [[nodiscard]] std::size_t bytes() const { return is_copy() ? whole_lines(seen_.get_size()) : 0; }

  /// For a primitive that writes all values.
  template <class T>
  dnnl::memory room(const T* values, std::byte* copy) const {
    return is_copy() ? memory_of(seen_, copy) : memory_of(own_, values);
  }

  /// For one that reads them.
  template <class T>
  dnnl::memory filled(const T* values, std::byte* copy) const {
    dnnl::memory seen = room(values, copy);
    if (is_copy()) {
      dnnl::memory own = memory_of(own_, values);
      to_seen_.execute(stream(), own, seen);
    }
    return seen;
  }

  /// What a primitive wrote, in our order.
  template <class T>
  void give_back(std::byte* copy, T* values) const {
    if (!is_copy()) return;
    dnnl::memory seen = memory_of(seen_, copy), own = memory_of(own_, values);
    to_own_.execute(stream(), seen, own);
  }

 private:
  [[nodiscard]] bool is_copy() const { return own_ != seen_; }

  dnnl::memory::desc own_, seen_;
  dnnl::reorder to_seen_, to_own_;
};

}  // namespace hindscale::onednn
