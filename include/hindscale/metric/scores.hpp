// SPDX-License-Identifier: Apache-2.0
// Scores of one deterministic field against the truth, built from partial results of single months.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "hindscale/core/array.hpp"

namespace hindscale {

/// "No value": scores that are undefined are NaN (written as null).
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Weights [y, x] of the cells: their areas where every field [y, x] is finite, zero elsewhere. All
/// methods that are compared share one set of weights, so hand over the fields of all of them.
Array<double, 2> valid_weights(View<const double, 2> areas,
                               std::span<const View<const float, 2>> fields);

/// Least and greatest value; empty (width 0) at first.
struct ValueRange {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  [[nodiscard]] double width() const { return high >= low ? high - low : 0; }
  /// Widens by another range; the order does not matter.
  void include(const ValueRange& other);
};

/// Range of the field [y, x] over the cells of positive weight.
ValueRange value_range(View<const float, 2> field, View<const double, 2> weight);

/// Whether the last column neighbours the first one.
enum class Columns { bounded, periodic };

/// What one month is scored with. All [y, x]; in cells of zero weight the values do not matter (NaN
/// allowed), in all others they must be finite. The climatology is that of the calendar month over
/// the training years.
struct MonthFields {
  View<const float, 2> truth;
  View<const float, 2> forecast;
  View<const float, 2> climatology;
  View<const double, 2> weight;
};

struct ScoreOptions {
  double range = 0;  ///< L of SSIM and PSNR: width of the truth's range over the test period, in
                     ///< the variable's unit
  Columns columns = Columns::bounded;
};

/// Partial result of one month, one variable, one method. Only doubles: gather them as they are, in
/// month order, with `gather_blocks` through `values_of` and `months_of`.
struct MonthErrors {
  double weight = 0;     ///< sum of the weights
  double sum_error = 0;  ///< weighted sum of forecast - truth
  double sum_absolute_error = 0;
  double sum_squared_error = 0;
  double acc =
      undefined;  ///< centred anomaly correlation; undefined where an anomaly has no variance
  double ssim = undefined;  ///< mean of the local SSIM; undefined without a complete window or
                            ///< without a range
  double own_range_squared_error =
      undefined;  ///< mean squared error, each field first scaled to [0, 1] by its own range
};

/// Sums run along columns, then rows, in double. AssertionError: shapes differ, value not finite
/// under positive weight.
MonthErrors month_errors(const MonthFields& fields, const ScoreOptions& options);

/// Months as one block of doubles and back.
std::vector<double> values_of(std::span<const MonthErrors> months);
std::vector<MonthErrors> months_of(std::span<const double> values);

/// Means over all months come before roots and logarithms; ACC and SSIM are averaged over the
/// months that have one.
struct Scores {
  double rmse = undefined;
  double mae = undefined;
  double bias = undefined;  ///< forecast - truth
  double acc = undefined;
  double ssim = undefined;
  double psnr = undefined;  ///< 10 log10(L^2 / MSE) in dB; infinite for a perfect forecast
  double psnr_own_range = undefined;  ///< as DPDM prints it: 10 log10(255 / MSE) of fields scaled
                                      ///< by their own ranges, cells unweighted
};

/// `months` in any number and repetition, summed in the order given; `range` as in ScoreOptions.
Scores scores_of(std::span<const MonthErrors> months, double range);
/// The same of months[picks[0]], months[picks[1]], ...: for the bootstrap.
Scores scores_of(std::span<const MonthErrors> months, double range,
                 std::span<const std::size_t> picks);

}  // namespace hindscale
