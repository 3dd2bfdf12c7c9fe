// SPDX-License-Identifier: Apache-2.0
#include "written_blocks.hpp"

#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "hindscale/io/sample_store.hpp"

namespace hindscale {
namespace {

template <class T>
std::string digest_of(std::span<const T> values) {
  Sha256 digest;
  digest.add(std::as_bytes(values));
  return digest.hex();
}

}  // namespace

void WrittenBlocks::add(const Place& place, std::span<const float> values) {
  if (!values.empty()) blocks_.push_back({place, values.size(), false, digest_of(values)});
}

void WrittenBlocks::add(const Place& place, std::span<const double> values) {
  if (!values.empty()) blocks_.push_back({place, values.size(), true, digest_of(values)});
}

void WrittenBlocks::require_in(const std::filesystem::path& file) const {
  const StoreReader reader(file);
  std::vector<float> values;
  const auto digest_in_file = [&](const Block& block) {
    const Place& place = block.place;
    if (block.is_whole) return digest_of<double>(reader.read_whole(place.name));
    values.resize(block.n_values);
    reader.read_slab(place.name, place.start, place.count, values);
    return digest_of<float>(values);
  };
  for (const Block& block : blocks_) {
    if (digest_in_file(block) == block.digest) continue;
    throw SystemError(
        {.problem = "content differs after writing",
         .value = file.string(),
         .why = "items of " + block.place.name + " from " + std::to_string(block.place.start[0]),
         .advice = "check the disk and run again"});
  }
}

}  // namespace hindscale
