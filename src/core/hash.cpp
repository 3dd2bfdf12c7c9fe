// SPDX-License-Identifier: Apache-2.0
#include "hindscale/core/hash.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

// The functions themselves, as fast as this build may be.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "hindscale/core/error.hpp"

namespace hindscale {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    HINDSCALE_ASSERT(context != nullptr && EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1);
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::span<const std::byte> bytes) {
  HINDSCALE_ASSERT(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HINDSCALE_ASSERT(EVP_DigestFinal_ex(state_->context, digest.data(), &length) == 1);
  std::string text;
  for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

struct Checksum::State {
  XXH3_state_t xxh3;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  HINDSCALE_ASSERT(XXH3_64bits_reset(&state_->xxh3) == XXH_OK);
}
Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::add(std::span<const std::byte> bytes) {
  HINDSCALE_ASSERT(XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size()) == XXH_OK);
}

std::uint64_t Checksum::value() const {
  return XXH3_64bits_digest(&state_->xxh3);
}

std::string sha256_of(std::string_view text) {
  Sha256 hash;
  hash.add(std::as_bytes(std::span(text)));
  return hash.hex();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  constexpr std::size_t block_bytes = std::size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw SystemError(
        {.problem = "cannot read", .value = path.string(), .why = std::strerror(errno)});
  }
  Sha256 hash;
  std::vector<char> block(block_bytes);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    hash.add(std::as_bytes(std::span(block.data(), static_cast<std::size_t>(file.gcount()))));
  }
  if (file.bad()) throw SystemError({.problem = "reading failed", .value = path.string()});
  return hash.hex();
}

}  // namespace hindscale
