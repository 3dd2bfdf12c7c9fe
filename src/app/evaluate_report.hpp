// SPDX-License-Identifier: Apache-2.0
// From partial results of single months to the content of scores.json.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "evaluate_months.hpp"
#include "hindscale/metric/bootstrap.hpp"

namespace hindscale {

/// A number of nine significant digits; null where it is not finite.
nlohmann::ordered_json json_number(double value);

/// Turns statistics over months into entries with their 95 % interval. Every entry has the same
/// shape; what is undefined is null within it.
class EntryMaker {
 public:
  EntryMaker(std::size_t n_months, const BlockOptions& options)
      : n_months_(n_months), samples_(moving_blocks(n_months, options)) {}
  /// {"value", "low", "high"}.
  [[nodiscard]] nlohmann::ordered_json entry(const Statistic& statistic) const;
  /// a - b, paired: {"value", "low", "high", "significant", "ratio"}; the ratio is a / b.
  [[nodiscard]] nlohmann::ordered_json difference(const Pair& pair) const;

 private:
  std::size_t n_months_;
  std::vector<MonthPicks> samples_;
};

/// {"units", "range", "methods": {...}} of a variable.
nlohmann::ordered_json json_of(const VariableResults& results, const EntryMaker& maker,
                               const std::vector<std::string>& methods);

/// {"wavenumber", "truth", ...} of a variable.
nlohmann::ordered_json json_of_spectra(const VariableResults& results);

/// {"truth": {"value", ...}, ...} of a pair.
nlohmann::ordered_json json_of(const PairResults& results, const EntryMaker& maker,
                               const std::vector<std::string>& names);

}  // namespace hindscale
