// SPDX-License-Identifier: Apache-2.0
// Which device a rank computes on.
#pragma once

#include <string>

#include "hindscale/comm/context.hpp"

namespace hindscale {

/// The GPU of this rank (its number on the node modulo the visible devices) in builds for CUDA that
/// see one, else the CPU. Collective.
Device choose_device(const Communicator& comm);

/// "CPU (AVX512)" or the number and name of the GPUs.
std::string device_description();

/// Threads of this process for tensor operations and for the BLAS below them, which does not follow
/// LibTorch's number.
void set_threads(int n_threads);

}  // namespace hindscale
