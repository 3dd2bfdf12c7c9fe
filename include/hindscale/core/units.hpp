// SPDX-License-Identifier: Apache-2.0
// Units of large numbers.
#pragma once

namespace hindscale {

inline constexpr double giga = 1e9;
inline constexpr double mib = 1048576.0;  ///< bytes

}  // namespace hindscale
