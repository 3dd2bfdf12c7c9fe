// SPDX-License-Identifier: Apache-2.0
// Fills in the defaults that depend on other options.
#pragma once

#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// Call after reading, when `places` is known and before conflicts are checked.
void resolve_defaults(Options& options);

}  // namespace hindscale
