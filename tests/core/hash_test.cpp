// SPDX-License-Identifier: Apache-2.0
// SHA-256 against the examples of FIPS 180-2.
#include "hindscale/core/hash.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "hindscale/core/error.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

constexpr const char* digest_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* digest_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* digest_of_million_a =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, known_answers) {
  EXPECT_EQ(sha256_of(""), digest_of_nothing);
  EXPECT_EQ(sha256_of("abc"), digest_of_abc);
  EXPECT_EQ(sha256_of(std::string(1'000'000, 'a')), digest_of_million_a);
}

TEST(Sha256, pieces_give_the_digest_of_the_whole) {
  Sha256 hash;
  for (const std::string_view piece : {"a", "", "bc"}) hash.add(std::as_bytes(std::span(piece)));
  EXPECT_EQ(hash.hex(), digest_of_abc);
}

TEST(Sha256OfFile, equals_the_digest_of_the_text_across_blocks) {
  const Communicator comm;
  const test::TemporaryFolder folder(comm);
  const std::string text(3'000'001, 'x');
  std::ofstream(folder.path() / "file") << text;
  EXPECT_EQ(sha256_of_file(folder.path() / "file"), sha256_of(text));
  std::ofstream(folder.path() / "empty") << "";
  EXPECT_EQ(sha256_of_file(folder.path() / "empty"), digest_of_nothing);
  EXPECT_THROW(sha256_of_file(folder.path() / "absent"), SystemError);
}

}  // namespace
}  // namespace hindscale
