// SPDX-License-Identifier: Apache-2.0
// The sample store: what is written is read back, in the same bytes for any number of ranks.
#include "hindscale/io/sample_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>

#include "hindscale/core/commit.hpp"
#include "hindscale/core/error.hpp"
#include "hindscale/core/hash.hpp"
#include "support/temporary.hpp"

namespace hindscale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t n_months = 7;
constexpr std::size_t n_channels = 2;
constexpr std::size_t n_rows = 5;
constexpr std::size_t n_columns = 6;
constexpr std::size_t month_size = n_channels * n_rows * n_columns;

float value_at(std::size_t i) {
  return static_cast<float>(i) * 0.25F - 3.0F;
}

std::vector<float> months(std::size_t first, std::size_t n) {
  std::vector<float> values(n * month_size);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = value_at(first * month_size + i);
  return values;
}

/// More than an attribute of HDF5 holds, as of a thousand source files.
const std::string long_text = [] {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i) + ", ";
  return text;
}();

/// Writes the same content whatever the number of ranks: each takes a contiguous block of months,
/// some perhaps none.
void write_store(const Communicator& comm, const std::filesystem::path& path) {
  StoreWriter store(comm, path);
  store.write_text("namelist", "&domain\n/\n");
  store.write_text("empty", "");
  store.write_text("long", long_text);
  store.create("fine/fields", {n_months, n_channels, n_rows, n_columns},
               StoreWriter::Layout::chunk_per_item);
  store.create("fine/terrain", {n_rows, n_columns}, StoreWriter::Layout::contiguous);
  const Block share = block_of(n_months, comm.rank(), comm.size());
  const auto first = static_cast<std::size_t>(share.first);
  const auto n = static_cast<std::size_t>(share.last - share.first);
  store.write("fine/fields", first, n, months(first, n));
  const std::vector<float> terrain(comm.is_root() ? n_rows * n_columns : 0, 12.5F);
  store.write("fine/terrain", 0, comm.is_root() ? n_rows : 0, terrain);
  store.write_whole("statistics/mean", {2}, std::vector<double>{1.0 / 3, -2.5});
  store.commit();
}

TEST(SampleStore, every_rank_reads_back_what_all_wrote) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  write_store(comm, folder.path() / "samples.h5");
  EXPECT_FALSE(std::filesystem::exists(part_path(folder.path() / "samples.h5")));
  const StoreReader store(folder.path() / "samples.h5");
  EXPECT_THAT(store.names(), ElementsAre("fine/fields", "fine/terrain", "statistics/mean"));
  EXPECT_THAT(store.shape("fine/fields"), ElementsAre(n_months, n_channels, n_rows, n_columns));
  EXPECT_TRUE(store.has("fine/terrain"));
  EXPECT_FALSE(store.has("coarse/fields"));
  std::vector<float> values(3 * month_size);
  store.read("fine/fields", 2, 3, values);
  EXPECT_EQ(values, months(2, 3));
  EXPECT_THAT(store.read_whole("statistics/mean"), ElementsAre(1.0 / 3, -2.5));
  EXPECT_THAT(store.read_whole("fine/terrain"), ::testing::Each(12.5));
  EXPECT_EQ(store.text("namelist"), "&domain\n/\n");
  EXPECT_EQ(store.text("empty"), "");
  EXPECT_EQ(store.text("long"), long_text);
}

TEST(SampleStore, bytes_are_those_of_a_single_writer) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  write_store(comm, folder.path() / "parallel.h5");
  if (comm.is_root()) {
    write_store(Communicator::self(), folder.path() / "serial.h5");
    EXPECT_EQ(sha256_of_file(folder.path() / "parallel.h5"),
              sha256_of_file(folder.path() / "serial.h5"));
  }
  barrier(comm);
}

herr_t expect_no_time(hid_t /*file*/, const char* name, const H5O_info_t* info, void* /*none*/) {
  EXPECT_EQ(info->mtime, 0) << name;
  EXPECT_EQ(info->ctime, 0) << name;
  return 0;
}

TEST(SampleStore, no_object_keeps_a_time) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  write_store(comm, folder.path() / "samples.h5");
  const hid_t file = H5Fopen((folder.path() / "samples.h5").c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  EXPECT_GE(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, expect_no_time, nullptr, H5O_INFO_ALL), 0);
  H5Fclose(file);
}

std::string message_of_opening(const std::filesystem::path& path) {
  try {
    const StoreReader store(path);
  } catch (const InputError& error) {
    return error.what();
  }
  return "opened";
}

TEST(SampleStore, what_was_not_committed_is_refused) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  const std::filesystem::path path = folder.path() / "samples.h5";
  {
    StoreWriter store(comm, path);
    store.create("fine/fields", {2, 3}, StoreWriter::Layout::chunk_per_item);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(message_of_opening(path), HasSubstr("not a complete sample store"));
  EXPECT_THAT(message_of_opening(part_path(path)), HasSubstr("samples.h5.part"));
}

TEST(SampleStore, a_store_cut_short_is_refused) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  const std::filesystem::path path = folder.path() / "samples.h5";
  write_store(comm, path);
  const auto whole = std::filesystem::file_size(path);
  barrier(comm);
  for (const std::uintmax_t bytes :
       {whole - 1, whole / 2, std::uintmax_t{512}, std::uintmax_t{0}}) {
    if (comm.is_root()) std::filesystem::resize_file(path, bytes);
    barrier(comm);
    EXPECT_THAT(message_of_opening(path), HasSubstr("not a complete sample store")) << bytes;
    barrier(comm);
  }
}

/// Changes one byte of a value in the file that a store is still written to. On the root.
template <class T>
void damage(const Communicator& comm, const std::filesystem::path& path, const T& mark) {
  if (comm.is_root()) {
    const std::string bytes = read_text(part_path(path));
    const std::size_t where = bytes.find({reinterpret_cast<const char*>(&mark), sizeof mark});
    ASSERT_NE(where, std::string::npos);
    std::fstream part(part_path(path), std::ios::in | std::ios::out | std::ios::binary);
    part.seekp(static_cast<std::streamoff>(where));
    part.put('\x55');
  }
  barrier(comm);
}

TEST(SampleStore, a_value_changed_on_the_disk_is_noticed_at_commit) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  const std::filesystem::path path = folder.path() / "samples.h5";
  constexpr float mark = 1234.5F;
  StoreWriter store(comm, path);
  store.create("fine/fields", {8, 64}, StoreWriter::Layout::chunk_per_item);
  const Block share = block_of(8, comm.rank(), comm.size());
  const auto n = static_cast<std::size_t>(share.last - share.first);
  store.write("fine/fields", static_cast<std::size_t>(share.first), n,
              std::vector<float>(n * 64, mark));
  damage(comm, path, mark);
  EXPECT_THROW(store.commit(), SystemError);
  barrier(comm);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SampleStore, a_statistic_changed_on_the_disk_is_noticed_at_commit) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  const std::filesystem::path path = folder.path() / "samples.h5";
  constexpr double mark = 1.0 / 7;
  StoreWriter store(comm, path);
  store.write_whole("statistics/mean", {3}, std::vector<double>{mark, 2, 3});
  damage(comm, path, mark);
  EXPECT_THROW(store.commit(), SystemError);
  barrier(comm);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SampleStore, a_foreign_dataset_name_is_named) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  write_store(comm, folder.path() / "samples.h5");
  const StoreReader store(folder.path() / "samples.h5");
  try {
    static_cast<void>(store.shape("coarse/fields"));
    FAIL() << "no error";
  } catch (const InputError& error) {
    EXPECT_THAT(error.facts().why, HasSubstr("coarse/fields"));
    EXPECT_THAT(error.facts().value, HasSubstr("samples.h5"));
  }
}

TEST(SampleStore, a_folder_that_does_not_exist_fails_on_every_rank) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  try {
    const StoreWriter store(comm, folder.path() / "none" / "samples.h5");
    FAIL() << "no error";
  } catch (const SystemError& error) {
    EXPECT_THAT(error.facts().value, HasSubstr("none/samples.h5"));
    EXPECT_FALSE(error.facts().why.empty());
  }
}

}  // namespace
}  // namespace hindscale
