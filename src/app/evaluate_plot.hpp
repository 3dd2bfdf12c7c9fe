// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// The call that draws the figures of an evaluation, with the paths that are not where it looks by
/// itself.
std::string plot_command(const Options& options);

}  // namespace hindscale
