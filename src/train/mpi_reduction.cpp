// SPDX-License-Identifier: Apache-2.0
// Sums over ranks by non-blocking MPI.
#include <mpi.h>

#include <limits>
#include <vector>

#include "hindscale/core/error.hpp"
#include "reduction.hpp"

namespace hindscale {
namespace {

class MpiReduction final : public Reduction {
 public:
  explicit MpiReduction(const Communicator& comm) : comm_(comm.split(0, comm.rank())) {}

  void start(torch::Tensor& values) override {
    constexpr std::int64_t largest = std::numeric_limits<int>::max();  // MPI counts are int
    auto* const data = values.data_ptr<float>();
    for (std::int64_t first = 0; first < values.numel(); first += largest) {
      requests_.push_back(MPI_REQUEST_NULL);
      const auto count = static_cast<int>(std::min(largest, values.numel() - first));
      check_mpi(MPI_Iallreduce(MPI_IN_PLACE, data + first, count, MPI_FLOAT, MPI_SUM,
                               comm_.native(), &requests_.back()),
                "MPI_Iallreduce");
    }
  }

  void poke() override {
    if (requests_.empty()) return;
    int done = 0;
    check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done,
                          MPI_STATUSES_IGNORE),
              "MPI_Testall");
    if (done != 0) requests_.clear();
  }

  void wait() override {
    check_mpi(
        MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
        "MPI_Waitall");
    requests_.clear();
  }

 private:
  Communicator comm_;  // its own, so that its collectives never meet others'
  std::vector<MPI_Request> requests_;
};

}  // namespace

std::unique_ptr<Reduction> make_mpi_reduction(const Communicator& comm) {
  return std::make_unique<MpiReduction>(comm);
}

}  // namespace hindscale
