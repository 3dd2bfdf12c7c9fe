// SPDX-License-Identifier: Apache-2.0
#include "hindscale/comm/runtime.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

namespace {

/// OMPIO reports success on a full disk; ROMIO reports the error. The choice is read in MPI_Init.
/// MPICH and its kin have nothing but ROMIO.
void choose_romio() {
#ifdef OMPI_MAJOR_VERSION
  constexpr int overwrite = 1;
  ::setenv("OMPI_MCA_io", OMPI_MAJOR_VERSION >= 5 ? "romio341" : "romio321", overwrite);
#endif
}

}  // namespace

Runtime::Runtime(int& argc, char**& argv) {
  choose_romio();
  int provided = 0;
  check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  if (provided < MPI_THREAD_SERIALIZED) {
    std::fprintf(stderr, "hindscale: error: MPI was built without support for threads\n");
    abort_job(1);
  }
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  Kokkos::InitArguments arguments;
  arguments.num_threads = 1;
  arguments.disable_warnings = true;
  Kokkos::initialize(arguments);
}

Runtime::~Runtime() {
  Kokkos::finalize();
  MPI_Finalize();
}

bool all_ranks_arrive(double timeout_s) {
  MPI_Request request = MPI_REQUEST_NULL;
  if (MPI_Ibarrier(MPI_COMM_WORLD, &request) != MPI_SUCCESS) return false;
  const auto start = std::chrono::steady_clock::now();
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
         timeout_s) {
    int arrived = 0;
    MPI_Test(&request, &arrived, MPI_STATUS_IGNORE);
    if (arrived != 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

bool threads_may_call_mpi() {
  int provided = 0;
  return MPI_Query_thread(&provided) == MPI_SUCCESS && provided == MPI_THREAD_MULTIPLE;
}

std::string mpi_version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data());
  return whole.substr(0, whole.find(','));
}

std::string kokkos_version() {
  constexpr int version = KOKKOS_VERSION;
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

void abort_job(int status) {
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}

}  // namespace hindscale
