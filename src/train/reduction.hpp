// SPDX-License-Identifier: Apache-2.0
// Ways to sum a flat tensor over ranks without blocking.
#pragma once

#include <torch/types.h>

#include <memory>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// Sums started one after the other, in the same order on every rank.
class Reduction {
 public:
  Reduction() = default;
  Reduction(const Reduction&) = delete;
  Reduction& operator=(const Reduction&) = delete;
  virtual ~Reduction() = default;
  /// Begins the sum of `values` (contiguous float32) in place; they are not to be touched before
  /// `wait`.
  virtual void start(torch::Tensor& values) = 0;
  /// Gives the sums under way a chance to proceed.
  virtual void poke() = 0;
  /// Returns when everything started may be used (on a GPU: by work queued from now on).
  virtual void wait() = 0;
};

std::unique_ptr<Reduction> make_mpi_reduction(const Communicator& comm);
#ifdef HINDSCALE_WITH_CUDA
/// Collective.
std::unique_ptr<Reduction> make_nccl_reduction(const Communicator& comm,
                                               const torch::Device& device);
#endif

}  // namespace hindscale
