// SPDX-License-Identifier: Apache-2.0
// The fields of a month before they become channels.
#pragma once

#include <cmath>

#include "hindscale/dataset/conditioning.hpp"

namespace hindscale {

/// All [v, y, x] in physical units.
struct Conditioning::MonthFields {
  Array<float, 3> lerp;
  Array<float, 3> lerp_climatology;  ///< Lerp of the coarse climatology of the calendar month
  Array<float, 3> corrected;         ///< corrected Lerp
  Array<float, 3> first_guess;       ///< Lerp, corrected Lerp or ridge, as diffusion/base says
};

/// All [v, cy, cx] in physical units; they belong to the caller.
struct Conditioning::CoarseMonths {
  Month month;
  View<const float, 3> own;
  View<const float, 3> previous;  ///< of the month before; empty: there is none
};

// Names of the normalisation arrays.
inline constexpr const char* scale_name = "scale";  ///< [v, y, x] what the target is divided by
inline constexpr const char* mean_name =
    "mean";  ///< [v, y, x] what a target 'field' is counted from
inline constexpr const char* lerp_name = "lerp";  ///< [v, 1, 2] mean and standard deviation of Lerp
inline constexpr const char* anomaly_name =
    "anomaly";  ///< [v, 1, 1] root mean square of Lerp's anomaly
inline constexpr const char* log_scale_name =
    "log_scale";  ///< [v, 1, 2] mean and standard deviation of log(scale)

/// What stands for a missing number in the network's input.
inline float or_zero(double value) {
  return std::isnan(value) ? 0.0F : static_cast<float>(value);
}

}  // namespace hindscale
