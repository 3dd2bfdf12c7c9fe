// SPDX-License-Identifier: Apache-2.0
// CF files: nothing incomplete is accepted, no failed write passes unseen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cstdio>
#include <fstream>

#include "field_file_fixture.hpp"
#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

using namespace test;
using ::testing::HasSubstr;

class FieldFileFailureTest : public FieldFileTest {};

std::string message_of_opening(const fs::path& path) {
  try {
    const FieldReader reader(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "opened";
}

TEST_P(FieldFileFailureTest, a_file_that_was_not_committed_is_refused) {
  const FieldFileSpec spec = spec_of("a.nc", 1);
  {
    FieldFile file(self, spec);
    for (std::size_t i = 0; i < spec.months.size(); ++i) file.write(i, record(i, 1));
  }
  EXPECT_FALSE(fs::exists(spec.path));
  EXPECT_THAT(message_of_opening(part_path(spec.path)), HasSubstr("a.nc.part"));
  EXPECT_THAT(message_of_opening(part_path(spec.path)), HasSubstr("interrupted"));
}

TEST_P(FieldFileFailureTest, a_file_cut_short_anywhere_is_refused) {
  write(spec_of("a.nc", 1), 1);
  const fs::path path = folder.path() / "a.nc";
  constexpr std::uintmax_t stride = 61;
  for (std::uintmax_t bytes = fs::file_size(path) - 1;; bytes -= stride) {
    fs::resize_file(path, bytes);
    EXPECT_NE(message_of_opening(path), "opened") << bytes;
    if (bytes < stride) break;
  }
}

TEST_P(FieldFileFailureTest, a_value_changed_on_the_disk_is_noticed_at_commit) {
  if (GetParam() == FileFormat::netcdf4) GTEST_SKIP() << "HDF5 still holds the values in memory";
  const FieldFileSpec spec = spec_of("a.nc", 1);
  FieldFile file(self, spec);
  for (std::size_t i = 0; i < spec.months.size(); ++i) file.write(i, record(i, 1));
  std::fstream part(part_path(spec.path), std::ios::in | std::ios::out | std::ios::binary);
  part.seekp(-2, std::ios::end);
  part.put('\x55');
  part.close();
  try {
    file.commit();
    FAIL() << "no error";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.facts().problem, HasSubstr("differs"));
  }
  EXPECT_FALSE(fs::exists(spec.path));
}

TEST_P(FieldFileFailureTest, a_missing_folder_is_an_error_with_path_and_reason) {
  FieldFileSpec spec = spec_of("a.nc", 1);
  spec.path = folder.path() / "none" / "a.nc";
  try {
    const FieldFile file(self, spec);
    FAIL() << "no error";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.what(), HasSubstr("none/a.nc"));
    EXPECT_FALSE(error.facts().why.empty());
  }
}

/// A file system of 256 KiB.
class TinyDisk {
 public:
  explicit TinyDisk(fs::path path) : path_(std::move(path)) {
    fs::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  ~TinyDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  fs::path path_;
  bool mounted_ = false;
};

TEST_P(FieldFileFailureTest, a_full_disk_is_an_error_with_the_path) {
  const TinyDisk disk(folder.path() / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small file system needs root";
  FieldFileSpec spec = spec_of("a.nc", 1);
  spec.path = folder.path() / "disk" / "a.nc";
  spec.deflate_level = 0;
  constexpr std::size_t months_beyond_the_disk = 4000;
  spec.months.clear();
  for (std::size_t i = 0; i < months_beyond_the_disk; ++i) {
    spec.months.push_back(Month(1700, 1) + static_cast<int>(i));
  }
  // In a process of its own that ends as the program does: without closing what cannot be closed.
  const auto write_and_end = [&] {
    try {
      write(spec, 1);
    } catch (const SystemError& error) {
      std::fputs(error.what(), stderr);
      std::_Exit(static_cast<int>(ExitCode::io));
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(write_and_end(), ::testing::ExitedWithCode(static_cast<int>(ExitCode::io)),
              "disk/a.nc.part.*No space left on device");
  EXPECT_FALSE(fs::exists(spec.path));
}

INSTANTIATE_TEST_SUITE_P(Formats, FieldFileFailureTest,
                         ::testing::Values(FileFormat::cdf5, FileFormat::netcdf4),
                         test::name_of_format);

}  // namespace
}  // namespace hindscale
