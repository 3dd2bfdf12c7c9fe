// SPDX-License-Identifier: Apache-2.0
#include "hindscale/comm/communicator.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <numeric>
#include <utility>

#include "hindscale/core/error.hpp"

namespace hindscale {

void check_mpi(int status, const char* call) {
  if (status == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(status, text.data(), &length);
  throw SystemError({.problem = std::string(call) + " failed", .why = std::string(text.data())});
}

Communicator::Communicator(MPI_Comm owned) : comm_(owned) {
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

Communicator::~Communicator() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (comm_ != MPI_COMM_NULL && finalized == 0) MPI_Comm_free(&comm_);
}

Communicator::Communicator(Communicator&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)),
      rank_(std::exchange(other.rank_, 0)),
      size_(std::exchange(other.size_, 1)) {}

Communicator& Communicator::operator=(Communicator&& other) noexcept {
  std::swap(comm_, other.comm_);
  std::swap(rank_, other.rank_);
  std::swap(size_, other.size_);
  return *this;
}

namespace {
MPI_Comm duplicate(MPI_Comm comm) {
  MPI_Comm copy = MPI_COMM_NULL;
  check_mpi(MPI_Comm_dup(comm, &copy), "MPI_Comm_dup");
  return copy;
}
}  // namespace

Communicator Communicator::world() {
  return Communicator(duplicate(MPI_COMM_WORLD));
}
Communicator Communicator::self() {
  static std::mutex one_at_a_time;  // MPI lets no two threads duplicate the same at once
  const std::lock_guard lock(one_at_a_time);
  return Communicator(duplicate(MPI_COMM_SELF));
}

Communicator Communicator::split(int color, int key) const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split(native(), color, key, &part), "MPI_Comm_split");
  return Communicator(part);
}

Communicator Communicator::split_by_node() const {
  MPI_Comm part = MPI_COMM_NULL;
  check_mpi(MPI_Comm_split_type(native(), MPI_COMM_TYPE_SHARED, rank_, MPI_INFO_NULL, &part),
            "MPI_Comm_split_type");
  return Communicator(part);
}

namespace {
MPI_Datatype type_of(char /*unused*/) {
  return MPI_CHAR;
}
MPI_Datatype type_of(float /*unused*/) {
  return MPI_FLOAT;
}
MPI_Datatype type_of(double /*unused*/) {
  return MPI_DOUBLE;
}
MPI_Datatype type_of(std::int64_t /*unused*/) {
  return MPI_INT64_T;
}

template <class T>
T all_reduce(const Communicator& comm, T value, MPI_Op operation) {
  T result = value;
  check_mpi(MPI_Allreduce(&value, &result, 1, type_of(T{}), operation, comm.native()),
            "MPI_Allreduce");
  return result;
}
}  // namespace

void barrier(const Communicator& comm) {
  check_mpi(MPI_Barrier(comm.native()), "MPI_Barrier");
}
double all_sum(const Communicator& comm, double value) {
  return all_reduce(comm, value, MPI_SUM);
}
std::int64_t all_sum(const Communicator& comm, std::int64_t value) {
  return all_reduce(comm, value, MPI_SUM);
}
double all_max(const Communicator& comm, double value) {
  return all_reduce(comm, value, MPI_MAX);
}
double all_min(const Communicator& comm, double value) {
  return all_reduce(comm, value, MPI_MIN);
}
std::int64_t all_max(const Communicator& comm, std::int64_t value) {
  return all_reduce(comm, value, MPI_MAX);
}
bool any_of(const Communicator& comm, bool value) {
  return all_max(comm, std::int64_t{value ? 1 : 0}) != 0;
}

namespace {
/// Calls `call(part, n)` for parts of the values that MPI, whose counts are int, can take.
template <class T, class Call>
void in_pieces(std::span<T> values, const Call& call) {
  constexpr std::size_t piece = std::size_t{1} << 28;
  for (std::size_t first = 0; first < values.size(); first += piece) {
    const auto part = values.subspan(first, std::min(piece, values.size() - first));
    call(part.data(), static_cast<int>(part.size()));
  }
}

template <class T>
void broadcast_from(const Communicator& comm, int root, std::span<T> values) {
  in_pieces(values, [&](T* part, int n) {
    check_mpi(MPI_Bcast(part, n, type_of(T{}), root, comm.native()), "MPI_Bcast");
  });
}
}  // namespace

void all_sum_in_place(const Communicator& comm, std::span<double> values) {
  in_pieces(values, [&](double* part, int n) {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, part, n, MPI_DOUBLE, MPI_SUM, comm.native()),
              "MPI_Allreduce");
  });
}

std::string broadcast(const Communicator& comm, std::string text) {
  auto length = static_cast<std::int64_t>(text.size());
  check_mpi(MPI_Bcast(&length, 1, MPI_INT64_T, 0, comm.native()), "MPI_Bcast");
  text.resize(static_cast<std::size_t>(length));
  broadcast_from(comm, 0, std::span(text));
  return text;
}

void broadcast(const Communicator& comm, std::span<float> values) {
  broadcast_from(comm, 0, values);
}
void broadcast(const Communicator& comm, std::span<double> values) {
  broadcast_from(comm, 0, values);
}

namespace {
template <class T>
std::vector<T> gather_all(const Communicator& comm, std::span<const T> block, std::size_t most,
                          std::vector<std::int64_t>& counts) {
  const auto count = static_cast<std::int64_t>(block.size());
  counts = {count};
  // One rank needs nothing of MPI: a thread beside the main one may be here.
  if (comm.size() == 1) return {block.begin(), block.end()};
  counts.assign(static_cast<std::size_t>(comm.size()), 0);
  check_mpi(MPI_Allgather(&count, 1, MPI_INT64_T, counts.data(), 1, MPI_INT64_T, comm.native()),
            "MPI_Allgather");
  const auto rank = static_cast<std::size_t>(comm.rank());
  std::vector<std::int64_t> offsets(counts.size(), 0);
  std::partial_sum(counts.begin(), counts.end() - 1, offsets.begin() + 1);
  std::vector<T> all(static_cast<std::size_t>(offsets.back() + counts.back()));
  if (all.size() <= most) {
    const std::vector<int> n(counts.begin(), counts.end()), at(offsets.begin(), offsets.end());
    check_mpi(MPI_Allgatherv(block.data(), n[rank], type_of(T{}), all.data(), n.data(), at.data(),
                             type_of(T{}), comm.native()),
              "MPI_Allgatherv");
    return all;
  }
  std::ranges::copy(block, all.begin() + offsets[rank]);
  for (std::size_t i = 0; i < counts.size(); ++i)
    broadcast_from(comm, static_cast<int>(i),
                   std::span(all.data() + offsets[i], all.data() + offsets[i] + counts[i]));
  return all;
}
}  // namespace

std::vector<double> gather_blocks(const Communicator& comm, std::span<const double> block,
                                  std::size_t most) {
  std::vector<std::int64_t> counts;
  return gather_all(comm, block, most, counts);
}

std::vector<std::string> gather_texts(const Communicator& comm, const std::string& text) {
  std::vector<std::int64_t> counts;
  const std::vector<char> all =
      gather_all(comm, std::span<const char>(text), std::numeric_limits<int>::max(), counts);
  std::vector<std::string> texts;
  auto cursor = all.begin();
  for (const std::int64_t count : counts) {
    texts.emplace_back(cursor, cursor + count);
    cursor += count;
  }
  return texts;
}

template <class T>
void exchange(const Communicator& comm, const std::vector<std::vector<T>>& out,
              std::vector<std::vector<T>>& in) {
  HINDSCALE_ASSERT(out.size() == static_cast<std::size_t>(comm.size()) && in.size() == out.size());
  const auto self = static_cast<std::size_t>(comm.rank());
  HINDSCALE_ASSERT(in[self].size() == out[self].size());
  in[self] = out[self];
  if (comm.size() == 1) return;  // nothing of MPI: a thread beside the main one may be here
  std::vector<MPI_Request> requests;
  const auto begin = [&](std::size_t rank, std::size_t n, const char* call, const auto& start) {
    HINDSCALE_ASSERT(n <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    if (n == 0 || rank == self) return;
    requests.push_back(MPI_REQUEST_NULL);
    check_mpi(start(static_cast<int>(rank), static_cast<int>(n), &requests.back()), call);
  };
  const MPI_Datatype type = type_of(T{});
  for (std::size_t i = 0; i < in.size(); ++i)
    begin(i, in[i].size(), "MPI_Irecv", [&](int rank, int n, MPI_Request* request) {
      return MPI_Irecv(in[i].data(), n, type, rank, 0, comm.native(), request);
    });
  for (std::size_t i = 0; i < out.size(); ++i)
    begin(i, out[i].size(), "MPI_Isend", [&](int rank, int n, MPI_Request* request) {
      return MPI_Isend(out[i].data(), n, type, rank, 0, comm.native(), request);
    });
  check_mpi(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE),
            "MPI_Waitall");
}
template void exchange(const Communicator&, const std::vector<std::vector<float>>&,
                       std::vector<std::vector<float>>&);
template void exchange(const Communicator&, const std::vector<std::vector<std::int64_t>>&,
                       std::vector<std::vector<std::int64_t>>&);

std::int64_t broadcast(const Communicator& comm, std::int64_t value) {
  check_mpi(MPI_Bcast(&value, 1, MPI_INT64_T, 0, comm.native()), "MPI_Bcast");
  return value;
}

Block block_of(std::int64_t n_items, int rank, int size) {
  return {n_items * rank / size, n_items * (rank + 1) / size};
}

}  // namespace hindscale
