// SPDX-License-Identifier: Apache-2.0
// What was written into a sample store, to be compared with the file before it takes its name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace hindscale {

/// Digests of the blocks that one rank wrote.
class WrittenBlocks {
 public:
  /// A block of an array: [start, start + count) along each of its dimensions.
  struct Place {
    std::string name;
    std::vector<std::size_t> start;
    std::vector<std::size_t> count;
  };

  void add(const Place& place, std::span<const float> values);
  /// Arrays of doubles are written whole.
  void add(const Place& place, std::span<const double> values);

  /// Reads every block. SystemError for the first that is not what was written.
  void require_in(const std::filesystem::path& file) const;

 private:
  struct Block {
    Place place;
    std::size_t n_values;
    bool is_whole;
    std::string digest;
  };
  std::vector<Block> blocks_;
};

}  // namespace hindscale
