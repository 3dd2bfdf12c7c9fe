// SPDX-License-Identifier: Apache-2.0
// Owned row-major arrays and non-owning views of them.
#pragma once

#include <array>
#include <cstddef>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {

template <std::size_t N>
using Shape = std::array<std::size_t, N>;

template <std::size_t N>
constexpr std::size_t count_of(const Shape<N>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>{});
}

/// Non-owning, contiguous, row-major view. Never outlives the data it looks at.
template <class T, std::size_t N>
class View {
 public:
  View() = default;
  View(T* data, const Shape<N>& shape) : data_(data), shape_(shape) {}
  /// A view of constant elements from one of mutable elements.
  template <class U>
  requires(std::is_same_v<const U, T>) View(const View<U, N>& other)
      : data_(other.data()), shape_(other.shape()) {}

  [[nodiscard]] T* data() const { return data_; }
  [[nodiscard]] const Shape<N>& shape() const { return shape_; }
  [[nodiscard]] std::size_t extent(std::size_t i_axis) const { return shape_[i_axis]; }
  [[nodiscard]] std::size_t size() const { return data_ == nullptr ? 0 : count_of(shape_); }
  [[nodiscard]] std::span<T> flat() const { return {data_, size()}; }
  [[nodiscard]] T* begin() const { return data_; }
  [[nodiscard]] T* end() const { return data_ + size(); }

  template <class... I>
  T& operator()(I... index) const {
    static_assert(sizeof...(I) == N);
    std::size_t offset = 0;
    std::size_t axis = 0;
    ((offset = offset * shape_[axis++] + static_cast<std::size_t>(index)), ...);
    return data_[offset];
  }

  /// The sub-view at index `i` of the first axis.
  [[nodiscard]] View<T, N - 1> operator[](std::size_t i) const requires(N > 1) {
    Shape<N - 1> inner{};
    for (std::size_t a = 1; a < N; ++a) inner[a - 1] = shape_[a];
    return {data_ + i * count_of(inner), inner};
  }

 private:
  T* data_ = nullptr;
  Shape<N> shape_{};
};

/// Owned, contiguous, row-major array.
template <class T, std::size_t N>
class Array {
 public:
  Array() = default;
  explicit Array(const Shape<N>& shape, T value = T{})
      : data_(count_of(shape), value), shape_(shape) {}

  [[nodiscard]] View<T, N> view() { return {data_.data(), shape_}; }
  [[nodiscard]] View<const T, N> view() const { return {data_.data(), shape_}; }
  operator View<T, N>() { return view(); }
  operator View<const T, N>() const { return view(); }

  [[nodiscard]] const Shape<N>& shape() const { return shape_; }
  [[nodiscard]] std::size_t extent(std::size_t i_axis) const { return shape_[i_axis]; }
  [[nodiscard]] std::size_t size() const { return data_.size(); }
  [[nodiscard]] bool empty() const { return data_.empty(); }
  [[nodiscard]] T* data() { return data_.data(); }
  [[nodiscard]] const T* data() const { return data_.data(); }
  [[nodiscard]] std::span<T> flat() { return data_; }
  [[nodiscard]] std::span<const T> flat() const { return data_; }

  template <class... I>
  T& operator()(I... index) {
    return view()(index...);
  }
  template <class... I>
  const T& operator()(I... index) const {
    return view()(index...);
  }
  [[nodiscard]] auto operator[](std::size_t i) { return view()[i]; }
  [[nodiscard]] auto operator[](std::size_t i) const { return view()[i]; }

 private:
  std::vector<T> data_;
  Shape<N> shape_{};
};

}  // namespace hindscale
