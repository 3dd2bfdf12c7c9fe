// SPDX-License-Identifier: Apache-2.0
// A prepared store has the same bytes for any number of ranks.
#include <gtest/gtest.h>

#include "hindscale/core/hash.hpp"
#include "synthetic_store.hpp"

namespace hindscale {
namespace {

TEST(PreparedStore, bytes_are_those_of_a_single_rank) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder(comm);
  const test::Recipe recipe{.missing_month = 30,
                            .windows = {1, 3},
                            .penalties = {0.03, 1},
                            .transforms = {"minmax", "boxcox"}};
  const StoreContent content = test::build_store(comm, folder.path() / "parallel.h5", recipe);
  EXPECT_TRUE(content.has_missing);
  EXPECT_TRUE(content.ridge);
  if (comm.is_root()) {
    const Communicator alone = Communicator::self();
    const StoreContent serial = test::build_store(alone, folder.path() / "serial.h5", recipe);
    EXPECT_EQ(content.transform_parameters, serial.transform_parameters);
    EXPECT_EQ(content.ridge, serial.ridge);
    EXPECT_EQ(content.local_ridge, serial.local_ridge);
    EXPECT_EQ(sha256_of_file(folder.path() / "parallel.h5"),
              sha256_of_file(folder.path() / "serial.h5"));
  }
  barrier(comm);
}

}  // namespace
}  // namespace hindscale
