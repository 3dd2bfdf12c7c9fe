// SPDX-License-Identifier: Apache-2.0
// What is known of the variables of climate models: CMIP names, CF attributes, units.
#pragma once

#include <array>
#include <optional>
#include <string>

namespace hindscale {

struct VariableInfo {
  std::string name;  ///< CMIP name
  std::string standard_name;
  std::string long_name;
  std::string units;  ///< in which the store holds it; empty for unknown variables: as in the file
  std::optional<double> height_m;      ///< of near-surface variables
  std::optional<float> lower_limit{};  ///< no value can be less, in these units
  /// No monthly mean of the Earth lies outside, by far: what does is an undeclared missing value or
  /// has other units than it says.
  std::optional<std::array<float, 2>> plausible{};
};

/// Attributes of uas, vas, tas, ps, pr; other names get just their name.
VariableInfo variable_info(const std::string& name);

/// The least value that a variable can have: its physical limit, or 0 where its transform ('log1p',
/// 'boxcox') has no other values.
std::optional<float> lower_limit_of(const std::string& name, const std::string& transform);

}  // namespace hindscale
