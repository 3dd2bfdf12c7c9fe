// SPDX-License-Identifier: Apache-2.0
// Conversion between units of measurement, after UDUNITS-2.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace hindscale {

/// `value * scale + offset` turns one unit into another.
struct LinearMap {
  double scale = 1;
  double offset = 0;
  [[nodiscard]] double operator()(double value) const { return value * scale + offset; }
};

/// Owns the database of units. Not for use by several threads at once.
class UnitSystem {
 public:
  /// SystemError where the database cannot be read.
  UnitSystem();
  ~UnitSystem();
  UnitSystem(UnitSystem&&) noexcept;

  [[nodiscard]] bool knows(const std::string& unit) const;
  /// Nothing where either unit is unknown or the two measure different things.
  [[nodiscard]] std::optional<LinearMap> conversion(const std::string& from,
                                                    const std::string& to) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hindscale
