// SPDX-License-Identifier: Apache-2.0
#include "hindscale/comm/nccl_communicator.hpp"

#include <cstring>
#include <string>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

/// The root's identifier of a new communicator, on every rank.
ncclUniqueId shared_identifier(const Communicator& comm) {
  ncclUniqueId identifier{};
  together(comm, [&] {
    if (comm.is_root()) check_nccl(ncclGetUniqueId(&identifier), "ncclGetUniqueId");
  });
  const std::string bytes =
      broadcast(comm, std::string(identifier.internal, sizeof identifier.internal));
  std::memcpy(identifier.internal, bytes.data(), sizeof identifier.internal);
  return identifier;
}

}  // namespace

void check_nccl(ncclResult_t status, const char* call) {
  if (status == ncclSuccess) return;
  throw SystemError({.problem = std::string(call) + " failed", .why = ncclGetErrorString(status)});
}

NcclCommunicator::NcclCommunicator(const Communicator& comm) {
  const ncclUniqueId identifier = shared_identifier(comm);
  together(comm, [&] {
    check_nccl(ncclCommInitRank(&nccl_, comm.size(), identifier, comm.rank()), "ncclCommInitRank");
  });
}

NcclCommunicator::~NcclCommunicator() {
  // Collective: while an error of this rank alone unwinds, the others would never come.
  if (nccl_ != nullptr && std::uncaught_exceptions() <= n_exceptions_) ncclCommDestroy(nccl_);
}

void NcclCommunicator::check(const char* call) const {
  ncclResult_t status = ncclSuccess;
  check_nccl(ncclCommGetAsyncError(nccl_, &status), "ncclCommGetAsyncError");
  check_nccl(status, call);
}

}  // namespace hindscale
