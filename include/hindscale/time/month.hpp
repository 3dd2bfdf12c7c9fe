// SPDX-License-Identifier: Apache-2.0
// Calendar months as values.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace hindscale {

/// A month of a year; arithmetic counts months.
class Month {
 public:
  Month() = default;
  Month(int year, int month_1_to_12) : index_(year * 12 + month_1_to_12 - 1) {}
  static Month from_index(int index) {
    Month month;
    month.index_ = index;
    return month;
  }
  /// "1836-01" (year of four digits); InputError otherwise.
  static Month parse(std::string_view text);

  [[nodiscard]] int index() const { return index_; }  ///< months since 0000-01
  [[nodiscard]] int year() const { return index_ >= 0 ? index_ / 12 : -((11 - index_) / 12); }
  [[nodiscard]] int of_year() const { return index_ - year() * 12; }  ///< 0 for January .. 11
  [[nodiscard]] std::string to_string() const;                        ///< "1836-01"
  Month operator+(int n_months) const { return from_index(index_ + n_months); }
  int operator-(Month other) const { return index_ - other.index_; }
  auto operator<=>(const Month&) const = default;

 private:
  int index_ = 0;
};

}  // namespace hindscale
