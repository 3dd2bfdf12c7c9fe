// SPDX-License-Identifier: Apache-2.0
// What is said about one namelist option where it is declared: unit, meaning, range, choices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace hindscale {

/// Allowed numbers of an option; for a list, of each of its elements.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool is_open = false;  ///< the bounds themselves are not allowed

  [[nodiscard]] bool contains(double value) const {
    return is_open ? low < value && value < high : low <= value && value <= high;
  }
};

inline Range at_least(double low) {
  return {.low = low};
}
inline Range above(double low) {
  return {.low = low, .is_open = true};
}
inline Range between(double low, double high) {
  return {.low = low, .high = high};
}
inline Range inside(double low, double high) {
  return {low, high, true};
}

/// "at least 1", "0 to 1", "above 0", "0 to 1, ends excluded"; empty where everything is allowed.
std::string text_of(const Range& range);

/// A demand on each value that a range or a list of choices cannot say.
enum class Form {
  any,
  odd,    ///< an odd whole number
  month,  ///< 'YYYY-MM', or empty
  filled  ///< a text that is not empty
};

/// The declaration of an option besides its name, member and default.
struct OptionNotes {
  std::string unit{};                  ///< of numbers: "1", "degrees", "s"
  std::string meaning{};               ///< for a climate scientist who has not read the code
  Range range{};                       ///< of numbers
  std::vector<std::string> choices{};  ///< of texts; empty: free
  std::size_t length = 0;              ///< a list must have exactly so many values; 0: any number
  Form form = Form::any;
  std::string
      default_text{};        ///< printed instead of the default where that depends on other options
  bool is_required = false;  ///< must be set: there is no default
  bool determines_values =
      false;  ///< a data file of a reconstruction follows from it and records it
};

/// The types an option may have. An unset double is NaN.
using OptionValue = std::variant<std::int64_t, double, bool, std::string, std::vector<std::int64_t>,
                                 std::vector<double>, std::vector<std::string>>;

inline constexpr double unset = std::numeric_limits<double>::quiet_NaN();

/// The shortest visitor of `describe`: every member takes its default.
struct TakeDefaults {
  template <class T>
  void operator()(const char* /*key*/, T& member, const std::type_identity_t<T>& default_value,
                  const OptionNotes& /*notes*/) const {
    member = default_value;
  }
};

}  // namespace hindscale
