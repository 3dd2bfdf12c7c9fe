// SPDX-License-Identifier: Apache-2.0
// UDUNITS-2 behind owning handles.
#include "hindscale/time/units.hpp"

#include <udunits2.h>

#include <cmath>

#include "hindscale/core/error.hpp"

namespace hindscale {
namespace {

struct FreeSystem {
  void operator()(ut_system* system) const { ut_free_system(system); }
};
struct FreeUnit {
  void operator()(ut_unit* unit) const { ut_free(unit); }
};
struct FreeConverter {
  void operator()(cv_converter* converter) const { cv_free(converter); }
};
using Unit = std::unique_ptr<ut_unit, FreeUnit>;

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

}  // namespace

struct UnitSystem::Impl {
  std::unique_ptr<ut_system, FreeSystem> system;

  [[nodiscard]] Unit parse(const std::string& text) const {
    return Unit(ut_parse(system.get(), trimmed(text).c_str(), UT_UTF8));
  }
};

UnitSystem::UnitSystem() : impl_(std::make_unique<Impl>()) {
  // The library would print to standard error of itself; callers report instead.
  ut_set_error_message_handler(ut_ignore);
  impl_->system.reset(ut_read_xml(nullptr));
  if (!impl_->system) {
    throw SystemError({.problem = "cannot read the database of units",
                       .why = "UDUNITS-2",
                       .advice = "install its data files or set UDUNITS2_XML_PATH"});
  }
}

UnitSystem::~UnitSystem() = default;
UnitSystem::UnitSystem(UnitSystem&&) noexcept = default;

bool UnitSystem::knows(const std::string& unit) const {
  return impl_->parse(unit) != nullptr;
}

std::optional<LinearMap> UnitSystem::conversion(const std::string& from,
                                                const std::string& to) const {
  const Unit source = impl_->parse(from);
  const Unit target = impl_->parse(to);
  if (!source || !target) return std::nullopt;
  const std::unique_ptr<cv_converter, FreeConverter> converter(
      ut_get_converter(source.get(), target.get()));
  if (!converter) return std::nullopt;
  // A wide step keeps the rounding of large offsets (273.15) out of the scale.
  constexpr double step = 1 << 20;
  const double at_zero = cv_convert_double(converter.get(), 0.0);
  const double scale = (cv_convert_double(converter.get(), step) - at_zero) / step;
  const double next_scale = (cv_convert_double(converter.get(), 2 * step) - at_zero) / (2 * step);
  // Logarithmic and reciprocal units are convertible too, but not by a line.
  constexpr double tolerance = 1e-9;
  if (!(std::abs(next_scale - scale) <= tolerance * std::abs(scale))) return std::nullopt;
  return LinearMap{.scale = scale, .offset = at_zero};
}

}  // namespace hindscale
