// SPDX-License-Identifier: Apache-2.0
// What every stage needs to know of its surroundings; made once in main, passed by const reference.
#pragma once

#include <cstdint>
#include <memory>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/core/log.hpp"
#include "hindscale/core/regions.hpp"

namespace hindscale {

/// Where the network runs. `index` is the local GPU of this rank (local rank modulo visible
/// devices).
struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;
};

struct Context {
  Communicator comm;
  Log log{Log::Voice::quiet};
  Device device;
  std::uint64_t seed = 0;
  std::shared_ptr<Regions> regions = std::make_shared<Regions>();  ///< of the stage under way
};

}  // namespace hindscale
