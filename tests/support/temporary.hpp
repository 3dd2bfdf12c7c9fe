// SPDX-License-Identifier: Apache-2.0
// A folder of its own for each test, gone afterwards; shared by all ranks.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include "hindscale/comm/communicator.hpp"

namespace hindscale::test {

class TemporaryFolder {
 public:
  explicit TemporaryFolder(const Communicator& comm) : comm_(comm) {
    std::string name = (std::filesystem::temp_directory_path() / "hindscale_XXXXXX").string();
    if (comm.is_root() && ::mkdtemp(name.data()) == nullptr) name.clear();
    path_ = broadcast(comm, name);
  }
  ~TemporaryFolder() {
    barrier(comm_);
    std::error_code ignored;
    if (comm_.is_root()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  const Communicator& comm_;
  std::filesystem::path path_;
};

}  // namespace hindscale::test
