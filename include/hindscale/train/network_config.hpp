// SPDX-License-Identifier: Apache-2.0
// From the namelist to the shape of a network.
#pragma once

#include <cstddef>

#include "hindscale/model/architecture.hpp"
#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// The preset's network with the options' numbers (resolved ones). What has no option (upsampling,
/// unit of dropout, width of the time embedding) follows the preset; 'custom' takes those of
/// 'small', with a time embedding of 4 * channels. It sees `n_variables` noisy fields, then
/// `n_conditions` channels. Two-grid waves are for stages that see noise. InputError where the
/// numbers make no network.
NetworkConfig network_config(const Options& options, std::size_t n_variables,
                             std::size_t n_conditions);

}  // namespace hindscale
