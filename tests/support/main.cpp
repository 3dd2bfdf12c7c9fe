// SPDX-License-Identifier: Apache-2.0
// The main of every test program: MPI and Kokkos live exactly as long as the tests.
#include <gtest/gtest.h>

#include "hindscale/comm/communicator.hpp"
#include "hindscale/comm/runtime.hpp"

int main(int argc, char** argv) {
  const hindscale::Runtime runtime(argc, argv);
  ::testing::InitGoogleTest(&argc, argv);
  const int failed = RUN_ALL_TESTS();
  return hindscale::any_of(hindscale::Communicator::world(), failed != 0) ? 1 : 0;
}
