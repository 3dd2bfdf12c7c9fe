// SPDX-License-Identifier: Apache-2.0
#include "evaluate_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

namespace hindscale {
namespace {

using Json = nlohmann::ordered_json;

template <class S>
struct Score {
  const char* name;
  double S::*value;
};

constexpr Score<Scores> field_scores[] = {
    {"rmse", &Scores::rmse},
    {"mae", &Scores::mae},
    {"bias", &Scores::bias},
    {"acc", &Scores::acc},
    {"ssim", &Scores::ssim},
    {"psnr", &Scores::psnr},
    {"psnr_own_range", &Scores::psnr_own_range},
};
/// Those of them whose differences between methods are tested.
constexpr Score<Scores> compared_scores[] = {
    {"rmse", &Scores::rmse}, {"mae", &Scores::mae},   {"acc", &Scores::acc},
    {"ssim", &Scores::ssim}, {"psnr", &Scores::psnr},
};

constexpr Score<EnsembleScores> ensemble_statistics[] = {
    {"crps", &EnsembleScores::crps},
    {"spread", &EnsembleScores::spread},
    {"spread_skill", &EnsembleScores::spread_skill},
    {"reliability_index", &EnsembleScores::reliability_index},
};

Statistic statistic_of(const std::vector<MonthErrors>& months, double range,
                       double Scores::*score) {
  return [&months, range, score](std::span<const std::size_t> picks) {
    return scores_of(months, range, picks).*score;
  };
}

/// Root mean square over coarse cells and months.
Statistic statistic_of(const std::vector<CoarseMisfit>& months) {
  return [&months](std::span<const std::size_t> picks) {
    CoarseMisfit total;
    for (const std::size_t i : picks) total.add(months[i]);
    return total.rms();
  };
}

Statistic statistic_of(const std::vector<MonthEnsemble>& months, double EnsembleScores::*score) {
  return [&months, score](std::span<const std::size_t> picks) {
    return ensemble_scores(months, picks).*score;
  };
}

std::vector<std::size_t> all_of(std::size_t n_months) {
  std::vector<std::size_t> all(n_months);
  for (std::size_t i = 0; i < n_months; ++i) all[i] = i;
  return all;
}

/// Of tiles where they are over tiles moved; undefined where nothing was found.
Statistic seam_ratio(const std::vector<MonthSeams>& months, double MonthSeams::*here,
                     double MonthSeams::*moved) {
  return [&months, here, moved](std::span<const std::size_t> picks) {
    double sum = 0, sum_moved = 0;
    for (const std::size_t i : picks) {
      sum += months[i].*here;
      sum_moved += months[i].*moved;
    }
    return sum_moved > 0 ? sum / sum_moved : undefined;
  };
}

/// Writes the methods of one variable.
class MethodWriter {
 public:
  MethodWriter(const VariableResults& results, const EntryMaker& maker,
               const std::vector<std::string>& names)
      : results_(results), maker_(maker), names_(names) {
    if (std::ranges::count(names, "exact") > 0) exact_ = number_of("exact");
  }

  [[nodiscard]] Json methods() const {
    Json all = Json::object();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      Json& method = all[names_[i]];
      for (const auto& score : field_scores) {
        method[score.name] =
            maker_.entry(statistic_of(results_.errors[i], results_.range, score.value));
      }
      method["consistency"] = maker_.entry(statistic_of(results_.consistency[i]));
      if (is_law(i)) add_law(names_[i], method);
      if (exact_) method["attainable"] = maker_.entry(attainable(results_.errors[i]));
      if (names_[i] == "ensemble") add_ensemble(method);
      if (names_[i] == "member" && !results_.seams.empty()) add_seams(method);
    }
    return all;
  }

 private:
  [[nodiscard]] std::size_t number_of(const char* name) const {
    return static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
  }

  /// What a method gains in mean squared error on corrected Lerp, of what the exact mean gains.
  [[nodiscard]] Statistic attainable(const std::vector<MonthErrors>& months) const {
    return [this, &months](std::span<const std::size_t> picks) {
      const auto error = [&](const std::vector<MonthErrors>& of) {
        const double rmse = scores_of(of, results_.range, picks).rmse;
        return rmse * rmse;
      };
      const double corrected = error(results_.errors[number_of("lerp_corrected")]);
      return (corrected - error(months)) / (corrected - error(results_.errors[*exact_]));
    };
  }

  [[nodiscard]] bool is_law(std::size_t i) const { return results_.laws.contains(names_[i]); }

  void add_law(const std::string& name, Json& method) const {
    for (const auto& score : ensemble_statistics) {
      if (score.value == &EnsembleScores::reliability_index) continue;  // a law has no ranks
      method[score.name] = maker_.entry(law_statistic(name, score.value));
    }
  }

  void add_seams(Json& method) const {
    method["seam_index"] =
        maker_.entry(seam_ratio(results_.seams, &MonthSeams::steps, &MonthSeams::steps_moved));
    method["seam_variance"] = maker_.entry(
        seam_ratio(results_.seams, &MonthSeams::variance, &MonthSeams::variance_moved));
  }

  [[nodiscard]] Statistic law_statistic(const std::string& name,
                                        double EnsembleScores::*score) const {
    const std::vector<MonthEnsemble>& months = results_.laws.at(name);
    if (months.empty()) return [](std::span<const std::size_t>) { return undefined; };
    return statistic_of(months, score);
  }

  void add_ensemble(Json& method) const {
    const std::vector<MonthEnsemble>& months = results_.ensembles.back();
    for (const auto& score : ensemble_statistics)
      method[score.name] = maker_.entry(statistic_of(months, score.value));
    Json& histogram = method["rank_histogram"] = Json::array();
    for (const double frequency : ensemble_scores(months, all_of(months.size())).rank_histogram) {
      histogram.push_back(json_number(frequency));
    }
    add_sizes(method["by_members"]);
    add_differences(method["against"]);
  }

  void add_sizes(Json& by_members) const {
    for (std::size_t i = 0; i < results_.ensembles.size(); ++i) {
      const std::vector<MonthEnsemble>& months = results_.ensembles[i];
      Json& size = by_members[std::to_string(results_.sizes[i])];
      for (const auto& score : field_scores)
        size[score.name] =
            maker_.entry(statistic_of(results_.errors_of_size[i], results_.range, score.value));
      if (exact_) size["attainable"] = maker_.entry(attainable(results_.errors_of_size[i]));
      for (const auto& score : ensemble_statistics)
        size[score.name] = maker_.entry(statistic_of(months, score.value));
      if (i + 1 < results_.ensembles.size())
        size["against_whole"] = differences_from(results_.errors_of_size[i],
                                                 statistic_of(months, &EnsembleScores::crps));
    }
  }

  /// The whole ensemble against each other method. The CRPS of a deterministic forecast is its mean
  /// absolute error.
  void add_differences(Json& against) const {
    for (std::size_t i = 0; i + 1 < names_.size(); ++i) {
      const std::vector<MonthErrors>& errors = results_.errors[i];
      against[names_[i]] =
          differences_from(errors, is_law(i) ? law_statistic(names_[i], &EnsembleScores::crps)
                                             : statistic_of(errors, results_.range, &Scores::mae));
    }
  }

  /// Of the whole ensemble minus a method of these errors and this CRPS, paired.
  [[nodiscard]] Json differences_from(const std::vector<MonthErrors>& errors,
                                      const Statistic& crps) const {
    Json differences;
    for (const auto& score : compared_scores) {
      differences[score.name] =
          maker_.difference({statistic_of(results_.errors.back(), results_.range, score.value),
                             statistic_of(errors, results_.range, score.value)});
    }
    differences["crps"] =
        maker_.difference({statistic_of(results_.ensembles.back(), &EnsembleScores::crps), crps});
    return differences;
  }

  const VariableResults& results_;
  const EntryMaker& maker_;
  const std::vector<std::string>& names_;
  std::optional<std::size_t> exact_;  ///< number of the exact law among the methods
};

}  // namespace

nlohmann::ordered_json json_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  const double rounded = std::stod(fmt::format("{:.9g}", value));
  return rounded == 0 ? 0.0 : rounded;  // no negative zero
}

nlohmann::ordered_json EntryMaker::entry(const Statistic& statistic) const {
  const Estimate result = estimate(statistic, n_months_, samples_);
  return {{"value", json_number(result.value)},
          {"low", json_number(result.interval.low)},
          {"high", json_number(result.interval.high)}};
}

nlohmann::ordered_json EntryMaker::difference(const Pair& pair) const {
  const Difference result = paired_difference(pair, n_months_, samples_);
  const std::vector<std::size_t> all = all_of(n_months_);
  Json json{{"value", json_number(result.value)},
            {"low", json_number(result.interval.low)},
            {"high", json_number(result.interval.high)},
            {"significant", nullptr},
            {"ratio", json_number(pair.a(all) / pair.b(all))}};
  if (std::isfinite(result.interval.low)) json["significant"] = result.significant;
  return json;
}

nlohmann::ordered_json json_of(const VariableResults& results, const EntryMaker& maker,
                               const std::vector<std::string>& methods) {
  return {{"range", json_number(results.range)},
          {"methods", MethodWriter(results, maker, methods).methods()}};
}

nlohmann::ordered_json json_of_spectra(const VariableResults& results) {
  const auto numbers = [](const std::vector<double>& values) {
    Json list = Json::array();
    for (const double value : values) list.push_back(json_number(value));
    return list;
  };
  Json json{{"wavenumber", numbers(results.spectra[0].front().wavenumber)}};
  for (std::size_t i = 0; i < n_spectra; ++i)
    json[spectrum_names[i]] = numbers(mean_spectrum(results.spectra[i]).power);
  if (!results.training_spectrum.power.empty())
    json["training_truth"] = numbers(results.training_spectrum.power);
  for (std::size_t i = n_spectra; i < results.spectra.size(); ++i)
    json["law_members"].push_back(numbers(mean_spectrum(results.spectra[i]).power));
  return json;
}

nlohmann::ordered_json json_of(const PairResults& results, const EntryMaker& maker,
                               const std::vector<std::string>& names) {
  Json json = Json::object();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto& months = results.moments[i];
    json[names[i]] = maker.entry(
        [&](std::span<const std::size_t> picks) { return correlation_of(months, picks); });
  }
  return json;
}

}  // namespace hindscale
