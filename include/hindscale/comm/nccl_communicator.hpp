// SPDX-License-Identifier: Apache-2.0
// NCCL among the ranks of a communicator; only in builds for CUDA.
#pragma once

#include <nccl.h>

#include <exception>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

/// SystemError, naming the call, unless `status` is success.
void check_nccl(ncclResult_t status, const char* call);

/// Each rank on the GPU that is its thread's current one, no two ranks on the same.
class NcclCommunicator {
 public:
  /// Collective.
  explicit NcclCommunicator(const Communicator& comm);
  ~NcclCommunicator();
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;

  [[nodiscard]] ncclComm_t get() const { return nccl_; }
  /// SystemError, naming `call`, where something queued has failed.
  void check(const char* call) const;

 private:
  ncclComm_t nccl_ = nullptr;
  int n_exceptions_ = std::uncaught_exceptions();
};

}  // namespace hindscale
