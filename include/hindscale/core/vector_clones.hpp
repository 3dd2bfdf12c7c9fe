// SPDX-License-Identifier: Apache-2.0
// The library is built for any machine of its family; functions marked so are also built for wider
// vectors and chosen at start.
#pragma once

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define HINDSCALE_VECTOR_CLONES \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HINDSCALE_VECTOR_CLONES
#endif
