// SPDX-License-Identifier: Apache-2.0
// Tensors between the ranks of a group, wherever they lie.
#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// All ranks of the group take part in every transfer, in the same order.
class TensorExchange {
 public:
  TensorExchange() = default;
  TensorExchange(const TensorExchange&) = delete;
  TensorExchange& operator=(const TensorExchange&) = delete;
  virtual ~TensorExchange() = default;
  /// Sends out[rank] to each rank and receives in[rank] from it, itself too; all contiguous,
  /// float32 or int64, of shapes that both know.
  virtual void run(const std::vector<torch::Tensor>& out, std::vector<torch::Tensor>& in) = 0;
};

/// By NCCL from GPU to GPU where each rank of the group has one of its own, else by MPI from host
/// memory. `group` must outlive it. Collective.
std::unique_ptr<TensorExchange> make_exchange(const Communicator& group,
                                              const torch::Device& device);

}  // namespace hindscale
