// SPDX-License-Identifier: Apache-2.0
#include "hindscale/train/batch_ahead.hpp"

#include "hindscale/kernel/one_thread.hpp"

namespace hindscale {
namespace {

std::vector<std::uint64_t> ids_of(const std::vector<Patch>& patches) {
  std::vector<std::uint64_t> ids;
  for (const Patch& patch : patches) ids.push_back(patch.id);
  return ids;
}

}  // namespace

void BatchAhead::begin(const std::vector<Patch>& patches) {
  expected_ = ids_of(patches);
  made_ = std::async(std::launch::async, [&maker = maker_, patches] {
    const OneThread one_thread;
    return maker.make(patches);
  });
}

Batch BatchAhead::take(const std::vector<Patch>& patches, const std::vector<Patch>& next) {
  if (!made_.valid() || expected_ != ids_of(patches)) begin(patches);
  Batch batch = made_.get();
  begin(next);
  return batch;
}

}  // namespace hindscale
