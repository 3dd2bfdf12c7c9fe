// SPDX-License-Identifier: Apache-2.0
// SHA-256 digests of bytes and files, and a quick checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace hindscale {

/// Incremental SHA-256. Owns the digest context.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void add(std::span<const std::byte> bytes);
  /// The digest as 64 lower-case hexadecimal digits; the object is spent afterwards.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Incremental 64-bit XXH3: tells values read from values written, at the speed of memory; no proof
/// against intent. Owns its state.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;
  void add(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_of(std::string_view text);

/// Digest of a whole file, read in blocks. SystemError where it cannot be read.
std::string sha256_of_file(const std::filesystem::path& path);

}  // namespace hindscale
