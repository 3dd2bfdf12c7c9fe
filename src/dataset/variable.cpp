// SPDX-License-Identifier: Apache-2.0
#include "hindscale/dataset/variable.hpp"

#include <array>

namespace hindscale {

VariableInfo variable_info(const std::string& name) {
  using Range = std::array<float, 2>;
  static const Range wind{-75, 75}, temperature{100, 400}, pressure{1e4F, 2e5F},
      rain{-1e-4F, 0.02F};
  static const std::array<VariableInfo, 5> known{{
      {"uas", "eastward_wind", "Eastward Near-Surface Wind", "m s-1", 10.0, {}, wind},
      {"vas", "northward_wind", "Northward Near-Surface Wind", "m s-1", 10.0, {}, wind},
      {"tas", "air_temperature", "Near-Surface Air Temperature", "K", 2.0, {}, temperature},
      {"ps", "surface_air_pressure", "Surface Air Pressure", "Pa", std::nullopt, {}, pressure},
      {"pr", "precipitation_flux", "Precipitation", "kg m-2 s-1", std::nullopt, 0.0F, rain},
  }};
  for (const VariableInfo& info : known) {
    if (info.name == name) return info;
  }
  return {name, "", name, "", std::nullopt};
}

std::optional<float> lower_limit_of(const std::string& name, const std::string& transform) {
  if (transform == "log1p" || transform == "boxcox") return 0.0F;
  return variable_info(name).lower_limit;
}

}  // namespace hindscale
