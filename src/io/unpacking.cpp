// SPDX-License-Identifier: Apache-2.0
// Packing and missing values.
#include "unpacking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "hindscale/core/error.hpp"
#include "text.hpp"

namespace hindscale {
namespace {

constexpr double largest_value = 1e30;

// Fill values of netCDF where the file gives none; bytes have none, as they may hold any value.
std::vector<double> default_fill(NumberKind kind) {
  switch (kind) {
    case NumberKind::int16:
      return {-32767};
    case NumberKind::int32:
      return {-2147483647};
    case NumberKind::int64:
      return {-9223372036854775806.0};
    case NumberKind::uint16:
      return {65535};
    case NumberKind::uint32:
      return {4294967295};
    case NumberKind::uint64:
      return {18446744073709551614.0};
    default:
      return {};
  }
}

double unsigned_range(NumberKind kind) {
  switch (kind) {
    case NumberKind::int8:
      return 0x1p8;
    case NumberKind::int16:
      return 0x1p16;
    case NumberKind::int32:
      return 0x1p32;
    default:
      return 0;
  }
}

/// The number of an attribute; `none` where it is not there.
double packing(const NetcdfFile& file, int variable, const char* attribute, double none) {
  const std::vector<double> numbers = file.numbers(variable, attribute);
  if (!numbers.empty()) return numbers.front();
  const std::string text = file.text(variable, attribute);
  if (text.empty()) return none;
  throw InputError({.problem = fmt::format("{} is no number", attribute),
                    .value = text,
                    .advice = "correct the attribute, for instance with ncatted",
                    .file = file.path().string(),
                    .key = file.name_of(variable)});
}

}  // namespace

Unpacking::Unpacking(const NetcdfFile& file, int variable) {
  const NumberKind kind = file.kind_of(variable);
  single_ = kind == NumberKind::float32;
  floating_ = single_ || kind == NumberKind::float64;
  missing_ = file.numbers(variable, "_FillValue");
  if (missing_.empty()) missing_ = default_fill(kind);  // of values that were never written
  const std::vector<double> others = file.numbers(variable, "missing_value");
  missing_.insert(missing_.end(), others.begin(), others.end());
  scale_ = packing(file, variable, "scale_factor", scale_);
  offset_ = packing(file, variable, "add_offset", offset_);
  if (lower_case(file.text(variable, "_Unsigned")) == "true")
    unsigned_range_ = unsigned_range(kind);
  read_limits(file, variable);
}

void Unpacking::read_limits(const NetcdfFile& file, int variable) {
  const NumberKind kind = file.kind_of(variable);
  const auto limit = [&](const char* attribute, std::size_t i, double& stored, double& unpacked,
                         double side) {
    const std::vector<double> numbers = file.numbers(variable, attribute);
    const NumberKind given = file.kind_of(variable, attribute);
    if (i >= numbers.size()) return;
    if (given == kind) stored = numbers[i] < 0 ? numbers[i] + unsigned_range_ : numbers[i];
    if (given == kind || floating_) return;
    constexpr double float_rounding = 1e-6;
    if (given == NumberKind::float32 || given == NumberKind::float64)
      unpacked =
          numbers[i] + side * (0.5 * std::abs(scale_) + float_rounding * std::abs(numbers[i]));
  };
  for (const auto& [least, most, i_most] :
       {std::tuple{"valid_range", "valid_range", std::size_t{1}}, {"valid_min", "valid_max", 0}}) {
    limit(least, 0, low_, unpacked_low_, -1);
    limit(most, i_most, high_, unpacked_high_, 1);
  }
}

bool Unpacking::is_missing(double stored) const {
  if (std::isnan(stored)) return true;
  if (floating_ && std::abs(stored) > largest_value) return true;
  const auto same = [&](double missing) {
    if (!single_ || std::abs(missing) > std::numeric_limits<float>::max()) return stored == missing;
    return static_cast<float>(stored) == static_cast<float>(missing);
  };
  constexpr double common_missing = 1e20;
  return (floating_ && same(common_missing)) || std::ranges::any_of(missing_, same);
}

float Unpacking::value(double stored, const LinearMap& units) const {
  const double whole = stored < 0 ? stored + unsigned_range_ : stored;
  if (is_missing(stored) || is_missing(whole)) return std::numeric_limits<float>::quiet_NaN();
  const double unpacked = whole * scale_ + offset_;
  if (whole < low_ || whole > high_ || unpacked < unpacked_low_ || unpacked > unpacked_high_)
    return std::numeric_limits<float>::quiet_NaN();
  return static_cast<float>(units(unpacked));
}

}  // namespace hindscale
