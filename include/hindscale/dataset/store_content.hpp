// SPDX-License-Identifier: Apache-2.0
// What a sample store holds besides its arrays: variables, months, periods and grids.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hindscale/grid/grid.hpp"
#include "hindscale/io/sample_store.hpp"
#include "hindscale/time/month.hpp"

namespace hindscale {

/// Whole years, first and last.
struct Period {
  int first_year = 0;
  int last_year = 0;
  [[nodiscard]] bool contains(Month month) const {
    return month.year() >= first_year && month.year() <= last_year;
  }
  [[nodiscard]] int n_years() const { return last_year - first_year + 1; }
};

/// Numbers of the transform of a variable, fitted on the training years.
struct TransformParameters {
  double lambda = 1;  ///< power of 'boxcox'
  double offset = 0;  ///< of 'boxcox', in `unit`
  double unit = 1;    ///< what values are measured in, in the unit of the variable: their mean
                      ///< ('boxcox') or their standard deviation ('minmax')
  friend bool operator==(const TransformParameters&, const TransformParameters&) = default;
};

/// A regression of Lerp's error on the coarse anomalies, with the settings it was fitted with.
struct RegressionFit {
  int window = 0;      ///< coarse cells each way whose anomalies it sees
  double penalty = 0;  ///< on its coefficients, relative to the mean variance of the predictors
  double decay = 0;    ///< predictors count exp(-decay * distance in coarse cells); 0: all the same
  int harmonics =
      0;  ///< of the seasonal cycles that anomalies are counted from; 0: calendar months
  friend bool operator==(const RegressionFit&, const RegressionFit&) = default;
};

/// "window 5, penalty 0.3", and what sets a local ridge apart.
std::string text_of(const RegressionFit& fit);

struct StoreContent {
  std::vector<std::string> variables;   ///< CMIP names
  std::vector<std::string> units;       ///< of each variable
  std::vector<std::string> transforms;  ///< of each variable, as dataset/transforms names them
  std::vector<TransformParameters> transform_parameters{};  ///< likewise; empty: all defaults
  std::vector<Month> months;  ///< months stored, in order (gaps between the periods are possible)
  Period train;
  Period validation;
  Period test;
  Grid fine;
  Grid coarse;
  bool coarse_derived = true;   ///< the coarse field is the conservative mean of the fine one
  bool has_missing = false;     ///< some fine value is missing in some month
  std::vector<int> left_out{};  ///< training years that a network does not learn from; not stored
  std::optional<RegressionFit> ridge{};        ///< the baseline
  std::optional<RegressionFit> local_ridge{};  ///< the one that knows where its predictors lie

  [[nodiscard]] std::size_t n_variables() const { return variables.size(); }
  /// Positions in `months` that lie in the period.
  [[nodiscard]] std::vector<std::size_t> positions(const Period& period) const;
  /// Positions of the months a network learns from: the training years but those left out.
  [[nodiscard]] std::vector<std::size_t> months_to_learn() const;
  /// Positions of the months a network is validated on: the years left out, else the validation
  /// years.
  [[nodiscard]] std::vector<std::size_t> months_to_validate() const;
  /// Position of a month; nothing where the store lacks it.
  [[nodiscard]] std::optional<std::size_t> find(Month month) const;
  /// Position of a month; InputError where the store lacks it.
  [[nodiscard]] std::size_t position_of(Month month) const;
};

/// The years of one of `n_folds` parts of the training years (counted from 1): every n-th year.
std::vector<int> years_of_fold(const Period& train, std::int64_t n_folds, std::int64_t fold);

// Names of the arrays; v variables, y x fine cells, cy cx coarse cells, t months, k predictors.
namespace store {
inline constexpr const char* fine = "fine";      ///< [t, v, y, x], NaN where missing
inline constexpr const char* coarse = "coarse";  ///< [t, v, cy, cx]
inline constexpr const char* relief_m =
    "statics/relief_m";  ///< [y, x] terrain height (relief below sea level as is)
inline constexpr const char* land_fraction = "statics/land_fraction";  ///< [y, x]
inline constexpr const char* valid = "statics/valid";  ///< [v, y, x] 1 where present in every month
inline constexpr const char* fine_climatology =
    "climatology/fine";  ///< [12, v, y, x] training mean of each calendar month
inline constexpr const char* coarse_climatology = "climatology/coarse";  ///< [12, v, cy, cx]
inline constexpr const char* lerp_bias =
    "climatology/lerp_bias";  ///< [12, v, y, x] training mean of Lerp - truth
inline constexpr const char* range =
    "statistics/range";  ///< [v, 2] smallest and largest training value
inline constexpr const char* cell_least =
    "statistics/cell_least";  ///< [v, y, x] least training value; with a transform 'minmax' only
inline constexpr const char* cell_greatest = "statistics/cell_greatest";  ///< likewise greatest
/// The arrays of a regression.
struct Regression {
  const char* field;               ///< [t, v, y, x] estimate; training years cross-fitted
  const char* coefficients;        ///< [y, v, x, k]
  const char* spread;              ///< [v, y, x] standard deviation of its Gaussian
  const char* coarse_climatology;  ///< [12, v, cy, cx] seasonal cycle its anomalies count from
  const char* lerp_bias;           ///< [12, v, y, x] likewise of Lerp - truth
};
inline constexpr Regression ridge{"ridge/field", "ridge/coefficients", "ridge/spread",
                                  coarse_climatology, lerp_bias};
inline constexpr Regression local_ridge{"local_ridge/field", "local_ridge/coefficients",
                                        "local_ridge/spread", "local_ridge/coarse_climatology",
                                        "local_ridge/lerp_bias"};
}  // namespace store

/// [{"lambda", "offset", "unit"}, ...] as store and checkpoint state them.
nlohmann::json json_of_transforms(const std::vector<TransformParameters>& all);

void write_content(StoreWriter& writer, const StoreContent& content);
StoreContent read_content(const StoreReader& reader);

}  // namespace hindscale
