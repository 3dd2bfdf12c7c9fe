// SPDX-License-Identifier: Apache-2.0
#include "hindscale/comm/runtime.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <Kokkos_Core.hpp>
#include <array>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "hindscale/comm/communicator.hpp"

namespace hindscale {

Runtime::Runtime(int& argc, char**& argv) {
  // OMPIO reports success on a full disk; ROMIO reports the error. The choice is read in MPI_Init.
  constexpr int overwrite = 1;
  ::setenv("OMPI_MCA_io", "romio321", overwrite);
  int provided = 0;
  check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread");
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
