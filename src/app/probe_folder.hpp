// SPDX-License-Identifier: Apache-2.0
// A folder beside the members' for files that a plan writes to know how long that takes.
#pragma once

#include <filesystem>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// New, of one rank, and removed at the end with all that is in it.
class ProbeFolder {
 public:
  /// InputError or SystemError, the same on every rank, where it cannot be made. Collective.
  ProbeFolder(const Communicator& comm, const Options& options);
  ~ProbeFolder();
  ProbeFolder(const ProbeFolder&) = delete;
  ProbeFolder& operator=(const ProbeFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& own() const { return own_; }

 private:
  void remove() const;

  std::filesystem::path own_;
};

}  // namespace hindscale
