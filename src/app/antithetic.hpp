// SPDX-License-Identifier: Apache-2.0
// Members in pairs made of opposite noise (ensemble/antithetic): which of them are independent.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hindscale/namelist/options.hpp"

namespace hindscale {

/// Attribute of the file of a member that is made of another one's noise with the opposite sign:
/// the number of that other member (Hammersley and Morton 1956, antithetic variates).
inline constexpr const char* partner_attribute = "antithetic_to_member";

/// Places of the members whose noise no earlier one has; `noise`: for each member, the member it
/// was drawn for. These are independent of each other given the coarse field; all of them where
/// there are no pairs.
std::vector<std::size_t> independent_places(std::span<const int> noise);

/// Places in `members` of those that are independent as the options make them.
std::vector<std::size_t> independent_of(const Options& options, const std::vector<int>& members);

}  // namespace hindscale
