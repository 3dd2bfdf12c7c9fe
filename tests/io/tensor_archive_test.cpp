// SPDX-License-Identifier: Apache-2.0
// The tensor archive: what is written is read back, and nothing damaged is accepted.
#include "hindscale/io/tensor_archive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

template <class T>
TensorView view_of(const std::string& name, TensorType type, std::vector<std::int64_t> shape,
                   const std::vector<T>& values) {
  return {name, type, std::move(shape), std::as_bytes(std::span(values))};
}

class TensorArchiveTest : public ::testing::Test {
 protected:
  /// Five tensors, among them a scalar and an empty one.
  std::string write() {
    return write_tensors(path,
                         {view_of("down.0/weight", TensorType::float32, {2, 3}, weights),
                          view_of("steps", TensorType::int64, {}, steps),
                          view_of("none", TensorType::float32, {0, 4}, std::vector<float>{}),
                          view_of("scale", TensorType::float64, {2}, scales)},
                         {{"step", "12"}, {"text", "a \"quoted\"\nline"}});
  }
  void write_raw(const std::string& header, const std::string& buffer) const {
    std::uint64_t length = header.size();
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << header << buffer;
  }
  /// The reason why the archive is refused.
  [[nodiscard]] std::string refusal() const {
    try {
      const TensorArchive archive(path);
    } catch (const InputError& error) {
      EXPECT_EQ(error.facts().value, path.string());
      return error.facts().why;
    }
    return "accepted";
  }

  const Communicator self = Communicator::self();
  const test::TemporaryFolder folder{self};
  const fs::path path = folder.path() / "model.safetensors";
  const std::vector<float> weights{0.5F, -1.25F, 3e30F, 0.0F, -0.0F, 1e-40F};
  const std::vector<std::int64_t> steps{-7};
  const std::vector<double> scales{1.0 / 3, 1e300};
};

TEST_F(TensorArchiveTest, reading_returns_what_was_written) {
  const std::string digest = write();
  EXPECT_EQ(digest, sha256_of_file(path));
  const TensorArchive archive(path);
  ASSERT_EQ(archive.tensors().size(), 4U);
  EXPECT_EQ(archive.tensors()[0].name, "down.0/weight");
  const TensorView& weight = archive.at("down.0/weight");
  EXPECT_EQ(weight.type, TensorType::float32);
  EXPECT_THAT(weight.shape, ElementsAre(2, 3));
  EXPECT_EQ(std::memcmp(weight.bytes.data(), weights.data(), weight.bytes.size()), 0);
  EXPECT_THAT(archive.at("none").shape, ElementsAre(0, 4));
  EXPECT_TRUE(archive.at("steps").shape.empty());
  double second = 0;
  std::memcpy(&second, archive.at("scale").bytes.data() + sizeof second, sizeof second);
  EXPECT_EQ(second, 1e300);
  EXPECT_EQ(archive.metadata().at("text"), "a \"quoted\"\nline");
  EXPECT_THROW(static_cast<void>(archive.at("bias")), InputError);
}

TEST_F(TensorArchiveTest, header_is_padded_to_eight_bytes) {
  write();
  std::uint64_t length = 0;
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&length), sizeof length);
  EXPECT_EQ(length % 8, 0U);
}

TEST_F(TensorArchiveTest, an_independent_reader_agrees) {
  if (std::string(HINDSCALE_TEST_PYTHON).find("NOTFOUND") != std::string::npos) {
    GTEST_SKIP() << "python3 is not installed";
  }
  write();
  const std::string command =
      std::string(HINDSCALE_TEST_PYTHON " " HINDSCALE_TEST_SCRIPTS "/read_tensors.py ") +
      path.string() + " > " + (folder.path() / "out").string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(read_text(folder.path() / "out"),
            "__metadata__ step=12\n"
            "down.0/weight F32 [2, 3] [0.5, -1.25, 2.999999894026671e+30, 0.0, -0.0, "
            "9.99994610111476e-41]\n"
            "steps I64 [] [-7]\n"
            "none F32 [0, 4] []\n"
            "scale F64 [2] [0.3333333333333333, 1e+300]\n");
}

TEST_F(TensorArchiveTest, every_truncation_is_refused) {
  write();
  for (std::uintmax_t bytes = fs::file_size(path); bytes-- > 0;) {
    fs::resize_file(path, bytes);
    EXPECT_NE(refusal(), "accepted") << bytes;
  }
}

TEST_F(TensorArchiveTest, a_flipped_bit_in_the_header_never_breaks_the_reader) {
  write();
  const std::string whole = read_text(path);
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, whole.data(), sizeof header_bytes);
  constexpr std::size_t stride_bits = 5;  // prime to 8: every bit of a byte gets its turn
  for (std::size_t i = 0; i < 8 * (8 + header_bytes); i += stride_bits) {
    std::string damaged = whole;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    std::ofstream(path, std::ios::binary) << damaged;
    try {
      const TensorArchive archive(path);
      std::size_t bytes = 0;
      for (const TensorView& tensor : archive.tensors()) {
        std::size_t n_values = 1;
        for (const std::int64_t extent : tensor.shape) n_values *= static_cast<std::size_t>(extent);
        const std::size_t item = tensor.type == TensorType::float32 ? 4 : 8;
        EXPECT_EQ(tensor.bytes.size(), n_values * item) << "bit " << i;
        bytes += tensor.bytes.size();
      }
      EXPECT_EQ(bytes, whole.size() - 8 - header_bytes) << "bit " << i;
    } catch (const InputError&) {
      // Refused, as most are.
    }
  }
}

TEST_F(TensorArchiveTest, damaged_headers_are_refused_with_their_reason) {
  const std::string eight(8, 'x');
  const auto tensor = [](const std::string& name, const std::string& dtype,
                         const std::string& shape, const std::string& offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
  };
  const auto expect = [&](const std::string& header, const std::string& why) {
    write_raw(header, eight);
    EXPECT_THAT(refusal(), HasSubstr(why)) << header;
  };
  write_raw("{" + tensor("a", "F32", "[2]", "[0,8]") + "}", eight);
  EXPECT_EQ(refusal(), "accepted");
  expect("{" + tensor("a", "F16", "[4]", "[0,8]") + "}", "unknown dtype 'F16'");
  expect("{" + tensor("a", "F32", "[3]", "[0,8]") + "}", "does not match");
  expect("{" + tensor("a", "F32", "[-2]", "[0,8]") + "}", "whole numbers");
  expect("{" + tensor("a", "F32", "[2.0]", "[0,8]") + "}", "whole numbers");
  expect("{" + tensor("a", "F32", "[4611686018427387904,4]", "[0,8]") + "}", "does not match");
  expect("{" + tensor("a", "F32", "[2]", "[8,0]") + "}", "not a range");
  expect("{" + tensor("a", "F32", "[3]", "[0,12]") + "}", "behind the end");
  expect("{" + tensor("a", "F32", "[1]", "[0,4]") + "}", "bytes behind the last tensor");
  expect("{" + tensor("a", "F32", "[1]", "[4,8]") + "}", "hole");
  expect("{" + tensor("a", "F32", "[2]", "[0,8]") + "," + tensor("b", "F32", "[1]", "[4,8]") + "}",
         "overlaps");
  expect("{" + tensor("a", "F32", "[1]", "[0,4]") + "," + tensor("a", "F32", "[1]", "[4,8]") + "}",
         "'a' twice");
  expect("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "not described");
  expect("{\"__metadata__\":{\"step\":1}," + tensor("a", "F32", "[2]", "[0,8]") + "}", "text");
  expect("[1]", "not a JSON object");
  expect("{\"a\":", "not JSON");
  expect(std::string(100000, '{'), "not JSON");
  expect("", "not a JSON object");
}

TEST_F(TensorArchiveTest, a_header_larger_than_the_file_or_the_limit_is_refused) {
  for (const std::uint64_t length :
       {std::uint64_t{17}, std::uint64_t{200'000'000}, ~std::uint64_t{0}}) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&length), sizeof length);
    file << "{}              ";
    file.close();
    EXPECT_THAT(refusal(), HasSubstr("header")) << length;
  }
}

TEST_F(TensorArchiveTest, a_missing_file_or_folder_is_an_error_with_its_path) {
  EXPECT_NE(refusal(), "accepted");
  try {
    write_tensors(folder.path() / "none" / "x", {}, {});
    FAIL() << "no error";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("none/x"));
    EXPECT_THAT(error.what(), HasSubstr("No such file"));
  }
}

}  // namespace
}  // namespace hindscale
