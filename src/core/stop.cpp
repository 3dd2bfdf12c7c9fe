// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/stop.hpp"

#include <csignal>

namespace hindscale {
namespace {

volatile std::sig_atomic_t stop_flag = 0;  // a signal handler may write nothing else

extern "C" void on_stop_signal(int) {
  stop_flag = 1;
}

}  // namespace

void report_size_limits_as_errors() {
  std::signal(SIGXFSZ, SIG_IGN);
}

void install_stop_signals() {
  std::signal(SIGTERM, on_stop_signal);
  std::signal(SIGUSR1, on_stop_signal);
}

bool stop_signal_seen() {
  return stop_flag != 0;
}

}  // namespace hindscale
