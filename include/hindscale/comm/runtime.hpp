// SPDX-License-Identifier: Apache-2.0
// Starts and stops MPI and Kokkos.
#pragma once

#include <string>

namespace hindscale {

/// The first local of main: owns the life of MPI (ROMIO chosen for MPI-IO, HDF5 file locks left to
/// the user) and of Kokkos (one host thread). Destroyed last. Leaving main by an exception must go
/// through `abort_job`.
class Runtime {
 public:
  Runtime(int& argc, char**& argv);
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
};

/// Waits until every rank calls it or the time is over; true where all came. For errors that all
/// ranks should have met.
bool all_ranks_arrive(double timeout_s);

/// Whether several threads may be in MPI at once.
bool threads_may_call_mpi();

std::string mpi_version();
std::string kokkos_version();

/// Ends all ranks at once with this exit status.
[[noreturn]] void abort_job(int status);

}  // namespace hindscale
