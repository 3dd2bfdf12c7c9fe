// SPDX-License-Identifier: Apache-2.0
#include "probe_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "hindscale/core/commit.hpp"

namespace hindscale {

ProbeFolder::ProbeFolder(const Communicator& comm, const Options& options)
    : own_(fmt::format("{}.probe_{}_{}", options.reconstruction_path().string(), ::getpid(),
                       comm.rank())) {
  try {
    together(comm, [&] { make_directory(own_); });
  } catch (...) {
    remove();  // another rank could not make its own
    throw;
  }
}

ProbeFolder::~ProbeFolder() {
  remove();
}

void ProbeFolder::remove() const {
  std::error_code ignored;  // what cannot be removed does no harm
  std::filesystem::remove_all(own_, ignored);
}

}  // namespace hindscale
