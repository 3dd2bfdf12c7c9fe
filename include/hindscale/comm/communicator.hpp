// SPDX-License-Identifier: Apache-2.0
// MPI communicators as values, with collectives that return values and agree on failures.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace hindscale {

/// Owns a communicator. The default one is null: one process, every collective a no-op.
class Communicator {
 public:
  Communicator() = default;
  ~Communicator();
  Communicator(Communicator&& other) noexcept;
  Communicator& operator=(Communicator&& other) noexcept;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  /// A duplicate of all processes. All ranks must call it.
  static Communicator world();
  /// A duplicate of this process alone.
  static Communicator self();

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] bool is_root() const { return rank_ == 0; }
  /// MPI_COMM_SELF for the null communicator.
  [[nodiscard]] MPI_Comm native() const { return comm_ == MPI_COMM_NULL ? MPI_COMM_SELF : comm_; }
  /// All ranks must call these.
  [[nodiscard]] Communicator split(int color, int key) const;
  [[nodiscard]] Communicator split_by_node() const;

 private:
  explicit Communicator(MPI_Comm owned);
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 1;
};

/// SystemError with MPI's text unless `status` is MPI_SUCCESS.
void check_mpi(int status, const char* call);

// Collectives: every rank of `comm` must call them with equal counts.
void barrier(const Communicator& comm);
double all_sum(const Communicator& comm, double value);
std::int64_t all_sum(const Communicator& comm, std::int64_t value);
double all_max(const Communicator& comm, double value);
double all_min(const Communicator& comm, double value);
std::int64_t all_max(const Communicator& comm, std::int64_t value);
bool any_of(const Communicator& comm, bool value);
/// Element-wise sums in place. The order of summation is MPI's; use gather_blocks for results that
/// enter products.
void all_sum_in_place(const Communicator& comm, std::span<double> values);
std::string broadcast(const Communicator& comm, std::string text);
/// Replaces `values` on every rank by the root's.
void broadcast(const Communicator& comm, std::span<float> values);
void broadcast(const Communicator& comm, std::span<double> values);
/// Blocks of all ranks, one after the other in rank order, on every rank. More than `most` values
/// together come rank by rank, for MPI counts them with an int.
std::vector<double> gather_blocks(const Communicator& comm, std::span<const double> block,
                                  std::size_t most = std::numeric_limits<int>::max());
std::vector<std::string> gather_texts(const Communicator& comm, const std::string& text);
/// Sends out[rank] to each rank and receives in[rank] from it, whose sizes both know. T is float or
/// std::int64_t.
template <class T>
void exchange(const Communicator& comm, const std::vector<std::vector<T>>& out,
              std::vector<std::vector<T>>& in);
std::int64_t broadcast(const Communicator& comm, std::int64_t value);

/// Runs `action` here, then lets all ranks agree: where it threw on any rank, every rank throws
/// that error (InputError and SystemError keep their kind and facts), the lowest failing rank's
/// first.
void together(const Communicator& comm, const std::function<void()>& action);

/// Contiguous share of `n_items` for a rank: [first, last).
struct Block {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
Block block_of(std::int64_t n_items, int rank, int size);

}  // namespace hindscale
