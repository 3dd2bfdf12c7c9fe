// SPDX-License-Identifier: Apache-2.0
// Sums gradients over ranks in buckets while the backward pass still runs.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// Watches the parameters' gradients (hooks behind their accumulation) and sums them over ranks:
/// with MPI on the host, with NCCL on a GPU. Buckets follow the reverse order of the parameters,
/// which is about the order in which a backward pass finishes them; they are started in that order
/// on every rank. Same ranks, same bits. With one rank nothing is done. Keeps the parameters and a
/// communicator of its own alive. Construction and destruction are collective.
class GradientReducer {
 public:
  /// `parameters`: float32 leaves on one device, in the same order on every rank; a bucket holds at
  /// most `bucket_mib` unless one parameter alone is larger. SystemError where NCCL cannot be
  /// started.
  GradientReducer(const Communicator& comm, std::vector<torch::Tensor> parameters,
                  double bucket_mib);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  /// Says that the next backward pass is the last one of the step. Earlier (accumulating) passes go
  /// by unnoticed.
  void arm();
  /// Ends the step begun by `arm`: every parameter's gradient is now the sum over ranks (zeros
  /// count where a rank has none), in memory that the next armed pass writes anew. Collective.
  void finish();
  [[nodiscard]] std::size_t n_buckets() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the hooks, which may outlive this object
};

}  // namespace hindscale
