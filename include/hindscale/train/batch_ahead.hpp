// SPDX-License-Identifier: Apache-2.0
// The next batch, made while the network works on this one.
#pragma once

#include <cstdint>
#include <future>
#include <vector>

#include "hindscale/train/batch.hpp"

namespace hindscale {

/// Keeps a reference to `maker`. One thread at a time makes batches beside the caller's.
class BatchAhead {
 public:
  explicit BatchAhead(const BatchMaker& maker) : maker_(maker) {}

  /// The batch of these patches; waits for it, or makes it where another was expected. Then the one
  /// of `next` is begun. Throws what making the batch throws.
  Batch take(const std::vector<Patch>& patches, const std::vector<Patch>& next);

 private:
  void begin(const std::vector<Patch>& patches);

  const BatchMaker& maker_;
  std::vector<std::uint64_t> expected_;  ///< ids of the patches under way
  std::future<Batch> made_;
};

}  // namespace hindscale
