// SPDX-License-Identifier: Apache-2.0
// Choice and description of the device.
#include "hindscale/model/devices.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <torch/cuda.h>

#include <string>

namespace hindscale {

namespace {

/// The instruction set that LibTorch chose, from its own report: no function for it exists in all
/// versions.
std::string instruction_set() {
  const std::string report = at::show_config(), mark = "CPU capability usage: ";
  const std::size_t start = report.find(mark);
  if (start == std::string::npos) return "unknown instruction set";
  const std::size_t first = start + mark.size();
  return report.substr(first, report.find('\n', first) - first);
}

}  // namespace

int visible_gpus() {
#ifdef HINDSCALE_WITH_CUDA
  return static_cast<int>(torch::cuda::device_count());
#else
  return 0;
#endif
}

void steady_gpu_arithmetic() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setDeterministicCuDNN(true);
}

Device choose_device(const Communicator& comm) {
  const int local_rank = comm.split_by_node().rank();
  const int n_devices = visible_gpus();
  if (n_devices == 0) return {};
  steady_gpu_arithmetic();
  return {Device::Kind::cuda, local_rank % n_devices};
}

std::string device_description() {
  const int n_devices = visible_gpus();
  if (n_devices > 0) return std::to_string(n_devices) + " CUDA device" + (n_devices > 1 ? "s" : "");
  return "CPU (" + instruction_set() + ")";
}

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int most_mapped = 32 << 20;  // bytes: the most that glibc takes; larger ones are mapped
  mallopt(M_MMAP_THRESHOLD, most_mapped);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}

void set_threads(int n_threads) {
  at::set_num_threads(n_threads);
  // OpenBLAS comes in through LibTorch, if at all: another BLAS has no such function.
  using Setter = void (*)(int);
  if (const auto set = reinterpret_cast<Setter>(::dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set(n_threads);
}

}  // namespace hindscale
