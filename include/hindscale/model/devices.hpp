// SPDX-License-Identifier: Apache-2.0
// Which device a rank computes on.
#pragma once

#include <string>

#include "hindscale/comm/context.hpp"

namespace hindscale {

/// GPUs that this process sees; none in builds without CUDA.
int visible_gpus();

/// From now on float32 means float32 on GPUs, too, and cuDNN keeps to algorithms that give the same
/// bits again.
void steady_gpu_arithmetic();

/// The GPU of this rank (its number on the node modulo the visible devices) in builds for CUDA that
/// see one, with steady arithmetic, else the CPU. Collective.
Device choose_device(const Communicator& comm);

/// "CPU (AVX512)" or the number and name of the GPUs.
std::string device_description();

/// Keeps memory that is freed for the next request of its size. Training asks for the same feature
/// maps at every step; to give them back and fetch them again costs a tenth of its time.
void keep_freed_memory();

/// Threads of this process for tensor operations and for the BLAS below them, which does not follow
/// LibTorch's number.
void set_threads(int n_threads);

}  // namespace hindscale
