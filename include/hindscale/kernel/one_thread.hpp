// SPDX-License-Identifier: Apache-2.0
// Keeps OpenMP libraries below from starting threads of their own.
#pragma once

#include <omp.h>

namespace hindscale {

/// While it lives, parallel regions that this thread meets have one thread.
class OneThread {
 public:
  OneThread() : n_threads_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(n_threads_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int n_threads_;
};

}  // namespace hindscale
