// SPDX-License-Identifier: Apache-2.0
#include "hindscale/tiling/row_share.hpp"

#include <algorithm>

namespace hindscale {
namespace {

Rows common(Rows a, Rows b) {
  const std::size_t first = std::max(a.first, b.first), last = std::min(a.last, b.last);
  return first < last ? Rows{first, last} : Rows{};
}

/// Calls `use(place in a field that holds the rows `held`, place in the packed rows, length)` for
/// each run of consecutive values.
template <class Use>
void each_run(const Shape<3>& shape, Rows held, Rows rows, const Use& use) {
  const std::size_t length = rows.size() * shape[2];
  for (std::size_t i = 0; i < shape[0] && length > 0; ++i)
    use((i * shape[1] + rows.first - held.first) * shape[2], i * length, length);
}

template <class T>
std::vector<T> packed(View<const T, 3> field, Rows held, Rows rows) {
  std::vector<T> values(field.extent(0) * rows.size() * field.extent(2));
  each_run(field.shape(), held, rows, [&](std::size_t from, std::size_t to, std::size_t length) {
    std::copy_n(field.data() + from, length, values.data() + to);
  });
  return values;
}

/// What every rank sends, and where what comes has to go.
template <class T, class Put>
void transfer(const Communicator& group, const std::vector<std::vector<T>>& out,
              const std::vector<std::size_t>& n_in, const Put& put) {
  std::vector<std::vector<T>> in;
  for (const std::size_t n : n_in) in.emplace_back(n);
  exchange(group, out, in);
  for (std::size_t rank = 0; rank < in.size(); ++rank) put(rank, in[rank]);
}

}  // namespace

RowShare::RowShare(const Communicator& group, std::size_t n_rows, Rows touched) : group_(group) {
  const std::vector<double> mine{static_cast<double>(touched.first),
                                 static_cast<double>(touched.last)};
  const std::vector<double> all = gather_blocks(group, mine);
  for (int rank = 0; rank < group.size(); ++rank) {
    const Block block = block_of(static_cast<std::int64_t>(n_rows), rank, group.size());
    own_.push_back({static_cast<std::size_t>(block.first), static_cast<std::size_t>(block.last)});
    const auto i = 2 * static_cast<std::size_t>(rank);
    touched_.push_back({static_cast<std::size_t>(all[i]), static_cast<std::size_t>(all[i + 1])});
  }
}

std::vector<Rows> RowShare::wanted_by_others() const {
  std::vector<Rows> wanted;
  for (const Rows& touched : touched_) wanted.push_back(common(this->own(), touched));
  return wanted;
}

std::vector<Rows> RowShare::wanted_from_others() const {
  std::vector<Rows> wanted;
  for (const Rows& own : own_) wanted.push_back(common(own, this->touched()));
  return wanted;
}

void RowShare::fill(View<const float, 3> own, View<float, 3> touched) const {
  const std::vector<Rows> sent = wanted_by_others(), received = wanted_from_others();
  std::vector<std::vector<float>> out;
  std::vector<std::size_t> n_in;
  for (std::size_t rank = 0; rank < own_.size(); ++rank) {
    out.push_back(packed(own, this->own(), sent[rank]));
    n_in.push_back(touched.extent(0) * received[rank].size() * touched.extent(2));
  }
  transfer(group_, out, n_in, [&](std::size_t rank, const std::vector<float>& values) {
    each_run(touched.shape(), this->touched(), received[rank],
             [&](std::size_t to, std::size_t from, std::size_t length) {
               std::copy_n(values.data() + from, length, touched.data() + to);
             });
  });
}

void RowShare::total(View<const std::int64_t, 3> touched, View<std::int64_t, 3> own) const {
  const std::vector<Rows> sent = wanted_from_others(), received = wanted_by_others();
  std::vector<std::vector<std::int64_t>> out;
  std::vector<std::size_t> n_in;
  for (std::size_t rank = 0; rank < own_.size(); ++rank) {
    out.push_back(packed(touched, this->touched(), sent[rank]));
    n_in.push_back(own.extent(0) * received[rank].size() * own.extent(2));
  }
  std::fill(own.begin(), own.end(), 0);
  transfer(group_, out, n_in, [&](std::size_t rank, const std::vector<std::int64_t>& sums) {
    each_run(own.shape(), this->own(), received[rank],
             [&](std::size_t to, std::size_t from, std::size_t length) {
               for (std::size_t i = 0; i < length; ++i) own.data()[to + i] += sums[from + i];
             });
  });
}

void RowShare::collect(View<const float, 3> own, View<float, 3> whole) const {
  const std::size_t n_columns = own.extent(2);
  std::vector<std::vector<float>> out(own_.size());
  std::vector<std::size_t> n_in(own_.size(), 0);
  out.front().assign(own.begin(), own.end());
  for (std::size_t rank = 0; rank < own_.size() && group_.is_root(); ++rank)
    n_in[rank] = own.extent(0) * own_[rank].size() * n_columns;
  transfer(group_, out, n_in, [&](std::size_t rank, const std::vector<float>& values) {
    if (!group_.is_root()) return;
    each_run(whole.shape(), {0, whole.extent(1)}, own_[rank],
             [&](std::size_t to, std::size_t from, std::size_t length) {
               std::copy_n(values.data() + from, length, whole.data() + to);
             });
  });
}

}  // namespace hindscale
