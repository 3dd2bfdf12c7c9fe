// SPDX-License-Identifier: Apache-2.0
// Samples made on demand and kept while memory allows.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "hindscale/dataset/conditioning.hpp"

namespace hindscale {

/// Least-recently-used cache of the samples of a store. Keeps references to its arguments. Threads
/// may share it.
class SampleCache {
 public:
  /// Makes of a sample just read what is kept, given its position in the store's months.
  using Finish = std::function<void(std::size_t i_month, Sample& sample)>;
  SampleCache(const StoreReader& reader, const Conditioning& conditioning, double limit_mib,
              Finish finish = {});
  [[nodiscard]] const StoreContent& content() const { return conditioning_.content(); }
  [[nodiscard]] const std::vector<std::string>& channel_names() const {
    return conditioning_.channel_names();
  }
  /// The sample at this position of the store's months.
  std::shared_ptr<const Sample> get(std::size_t i_month);

 private:
  struct Entry {
    std::size_t i_month;
    std::shared_ptr<const Sample> sample;
  };
  const StoreReader& reader_;
  const Conditioning& conditioning_;
  double limit_bytes_;
  Finish finish_;
  std::mutex lock_;
  double held_bytes_ = 0;
  std::list<Entry> recent_;  ///< most recently used first
  std::unordered_map<std::size_t, std::list<Entry>::iterator> where_;
};

}  // namespace hindscale
