// SPDX-License-Identifier: Apache-2.0
// How much of an open variable the library keeps.
#include "chunk_cache.hpp"

#include <gtest/gtest.h>
#include <netcdf.h>

#include <array>

#include "support/temporary.hpp"

namespace hindscale {
namespace {

constexpr std::size_t field = 4 * 6 * sizeof(float);

/// A new file with a variable [time, 4, 6] of this kind, in chunks where `chunk` is given.
class ChunkCacheTest : public ::testing::Test {
 protected:
  void make(int kind, const std::size_t* chunk, std::size_t n_latitudes = 4) {
    const std::string path = (folder_.path() / "a.nc").string();
    ASSERT_EQ(nc_create(path.c_str(), kind | NC_CLOBBER, &file_), NC_NOERR);
    std::array<int, 3> dimensions{};
    ASSERT_EQ(nc_def_dim(file_, "time", 12, &dimensions[0]), NC_NOERR);
    ASSERT_EQ(nc_def_dim(file_, "lat", n_latitudes, &dimensions[1]), NC_NOERR);
    ASSERT_EQ(nc_def_dim(file_, "lon", 6, &dimensions[2]), NC_NOERR);
    ASSERT_EQ(nc_def_var(file_, "tas", NC_FLOAT, 3, dimensions.data(), &tas_), NC_NOERR);
    if (chunk != nullptr) {
      ASSERT_EQ(nc_def_var_chunking(file_, tas_, NC_CHUNKED, chunk), NC_NOERR);
    }
    ASSERT_EQ(nc_enddef(file_), NC_NOERR);
  }
  void TearDown() override { EXPECT_EQ(nc_close(file_), NC_NOERR); }
  [[nodiscard]] std::size_t kept() const {
    std::size_t bytes = 0, slots = 0;
    float preemption = 0;
    EXPECT_EQ(nc_get_var_chunk_cache(file_, tas_, &bytes, &slots, &preemption), NC_NOERR);
    return bytes;
  }

  Communicator self_ = Communicator::self();
  test::TemporaryFolder folder_{self_};
  int file_ = -1, tas_ = -1;
};

TEST_F(ChunkCacheTest, one_field_where_a_chunk_is_a_field) {
  constexpr std::array<std::size_t, 3> chunk{1, 4, 6};
  make(NC_NETCDF4, chunk.data());
  EXPECT_GT(kept(), 12 * field);
  EXPECT_EQ(limit_chunk_cache(file_, tas_, 0), NC_NOERR);
  EXPECT_EQ(kept(), field);
}

TEST_F(ChunkCacheTest, all_chunks_that_a_field_touches) {
  constexpr std::array<std::size_t, 3> chunk{5, 3, 4};
  make(NC_NETCDF4, chunk.data());
  EXPECT_EQ(limit_chunk_cache(file_, tas_, 0), NC_NOERR);
  EXPECT_EQ(kept(), 5 * (2 * 3) * (2 * 4) * sizeof(float));
  EXPECT_EQ(limit_chunk_cache(file_, tas_, 0), NC_NOERR);  // again: nothing changes
  EXPECT_EQ(kept(), 5 * (2 * 3) * (2 * 4) * sizeof(float));
}

TEST_F(ChunkCacheTest, never_more_than_the_library_keeps) {
  constexpr std::size_t n_latitudes = 10'000'000;
  constexpr std::array<std::size_t, 3> chunk{1, n_latitudes, 6};
  make(NC_NETCDF4, chunk.data(), n_latitudes);
  const std::size_t before = kept();
  EXPECT_LT(before, n_latitudes * 6 * sizeof(float));
  EXPECT_EQ(limit_chunk_cache(file_, tas_, 0), NC_NOERR);
  EXPECT_EQ(kept(), before);
}

TEST_F(ChunkCacheTest, files_without_chunks_are_left_alone) {
  make(NC_CLOBBER, nullptr);
  EXPECT_EQ(limit_chunk_cache(file_, tas_, 0), NC_NOERR);
}

}  // namespace
}  // namespace hindscale
